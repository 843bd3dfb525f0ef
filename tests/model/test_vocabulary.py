"""The committed file's vocabulary, in llama.cpp's own tokenizer: words are whole, and nothing is lost."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_server import StartModel

from localops.ollama.llamacpp import BUILTIN_FILE
from model.conversation import conversation
from model.text import countries, italian_capitals, questions

WORD = re.compile(r"[^\W\d_]+")
NAMES = [name for country in countries() for name in country] + list(italian_capitals().values())
LESSON = [
    "What is the capital of Italy?",
    "Capital of Italy",
    "Please tell me the capital city",
    "The country is Italy.",
    "Who are you?",
    "The capital of Italy is Rome.",
    "La capitale dell'Italia è Roma.",
]


@pytest.fixture(scope="module")
def tokenizer(llamacpp: StartModel) -> Iterator[httpx.Client]:  # noqa: ARG001 # skips where there is no wheel
    """llama.cpp's own HTTP server over the committed file; the project's engine closes it off."""
    xllamacpp: Any = importlib.import_module("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(BUILTIN_FILE)
    parameters.n_ctx, parameters.n_parallel, parameters.verbosity = 64, 1, -1
    server = xllamacpp.Server(parameters)
    server.handle_completions({"prompt": "", "n_predict": 0})  # a server that is deleted earlier never ends
    with httpx.Client(base_url=server.listening_address, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(tokenizer: httpx.Client) -> Callable[[str], list[str]]:
    """Return a text's tokens, as text."""

    def tokens(text: str) -> list[str]:
        body = {"content": text, "with_pieces": True}
        return [each["piece"] for each in tokenizer.post("/tokenize", json=body).json()["tokens"]]

    return tokens


def test_the_words_of_each_name_that_it_is_taught_are_one_token_each(tokens: Callable[[str], list[str]]):
    words = sorted({word for name in NAMES for word in WORD.findall(name)})
    assert len(words) > 200
    assert [word for word in words if len(tokens(f" {word}")) > 1] == []


@pytest.mark.parametrize("text", LESSON)
def test_the_words_of_the_lesson_are_one_token_each(tokens: Callable[[str], list[str]], text: str):
    assert [token.strip(" '") for token in tokens(text)] == re.findall(r"\w+|[?.]", text)


def test_of_a_hundred_words_that_it_is_taught_to_say_ninety_seven_are_one_token(
    tokens: Callable[[str], list[str]],
):
    rng = random.Random(5)
    said = [
        word
        for _ in range(200)
        for role, text in conversation(rng, 400)
        if role == "assistant"
        for word in re.findall(r" [^\W\d_]+", text)
    ]
    whole = {word: len(tokens(word)) == 1 for word in set(said)}
    assert sum(whole[word] for word in said) / len(said) > 0.97


@pytest.mark.parametrize("number", ["0", "12", "345", "99999", "1 + 22 = 23"])
def test_digits_are_tokens_of_their_own(tokens: Callable[[str], list[str]], number: str):
    assert [token for token in tokens(number) if token != " "] == re.findall(r"[\d+=]| [+=]", number)


def test_a_word_that_begins_like_a_known_one_has_nothing_of_it(tokens: Callable[[str], list[str]]):
    assert tokens(" Rome") == [" Rome"]
    assert " Rome" not in tokens(" Romeland")


@settings(max_examples=200)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_text_comes_back_from_its_tokens(tokenizer: httpx.Client, text: str):
    assert came_back(tokenizer, text) == text


def test_each_question_comes_back_from_its_tokens(tokenizer: httpx.Client):
    texts = [
        turn
        for name in ("held_out", "first_messages", "blind")
        for each in questions(name)
        for turn in each.turns
    ]
    assert [text for text in texts if came_back(tokenizer, text) != text] == []


def came_back(tokenizer: httpx.Client, text: str) -> str:
    numbers = tokenizer.post("/tokenize", json={"content": text}).json()["tokens"]
    return tokenizer.post("/detokenize", json={"tokens": numbers}).json()["content"]
