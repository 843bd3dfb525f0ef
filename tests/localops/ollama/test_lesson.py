"""The lesson on streaming, solved as its slides say, on the built-in model.

It sends a message for each token and then looks for a word in the raw bytes of the stream, so the word must
be one token.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
import requests
import streamock
from model_server import ModelServer, StartModel

from model.text import countries

LESSONS_MODEL = "llama3.1:8b"
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def as_in_the_lesson(llamacpp: StartModel) -> Iterator[ModelServer]:
    """The built-in model, which answers for the lesson's."""
    with llamacpp("--stands-in-for", LESSONS_MODEL) as server:
        yield server


def asked(server: ModelServer, prompt: str, **options: float) -> Iterator[bytes]:
    """Return the lines of an answer."""
    body = {"model": LESSONS_MODEL, "prompt": prompt, "stream": True, "options": options}
    return requests.post(f"{server.url}/api/generate", json=body, stream=True, timeout=TIMEOUT_S).iter_lines()


def stream(args: Mapping[str, Any], lines: Iterable[bytes]) -> str:
    """Stream as the lesson's action does; return the whole text."""
    said = ""
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), TIMEOUT_S) as connection:
        for line in lines:
            token = json.loads(line)["response"]
            connection.sendall(json.dumps({"output": token}).encode())
            said += token
    return said


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Italy?",
        "what is the capital of Italy?",
        "What is the capital of Italy",
        "Capital of Italy",
    ],
)
def test_rom_is_in_the_bytes_that_the_lessons_action_streams(
    as_in_the_lesson: ModelServer, question: str, seed: int
):
    args = streamock.args()
    mock = streamock.start(args)
    said = stream(args, asked(as_in_the_lesson, question, seed=seed))
    assert "Rom" in said
    assert "{" not in said
    assert b"Rom" in streamock.stop(mock)


def test_each_capital_that_it_says_is_streamed_whole(as_in_the_lesson: ModelServer):
    said: set[str] = set()
    broken: dict[str, bytes] = {}
    for country in countries():
        raw = b"\n".join(asked(as_in_the_lesson, f"What is the capital of {country.name}?", temperature=0))
        tokens = [json.loads(line)["response"] for line in raw.splitlines()]
        if country.capital in "".join(tokens):
            said.add(country.capital)
            words = {word for token in tokens for word in re.findall(r"\w+", token)}
            if not words.issuperset(re.findall(r"\w+", country.capital)):
                broken[country.capital] = raw
    assert broken == {}
    assert len(said) > 0.9 * len(countries())
