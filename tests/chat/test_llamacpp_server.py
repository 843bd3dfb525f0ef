"""The chats on a real llama.cpp server: its key, its context, its figures, and what it does at a stop."""

from __future__ import annotations

import importlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from llamacpp_http_server import CONTEXT_TOKENS, KEY, NAME, llamacpp_server, llamacpp_url, needs_llamacpp
from streamock import Streamock
from waiting import eventually

from tests.scripted.openai_server import OpenAIServer, streamed_answer

__all__ = ["llamacpp_url", "needs_llamacpp"]

DEADLINE_S = 20


@pytest.fixture(params=["chat/stateless", "chat/assistant"])
def chat(
    request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any, llamacpp_url: str
) -> Callable[..., dict[str, Any]]:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action(request.param).main

    def ask(**args: Any) -> dict[str, Any]:
        settings = {"BASE_URL": llamacpp_url, "API_KEY": KEY, "MODEL": NAME, "metrics": True}
        found = main({**settings, **args})
        return found.get("body", found)

    return ask


def test_it_answers_with_its_own_figures(chat: Any):
    body = chat(input="What is the capital of Italy?")
    assert "Rome" in body["output"]
    figures = body["metrics"]
    assert (figures["provider"], figures["done_reason"]) == ("openai", "stop")
    assert figures["tokens"] > 0
    assert figures["prompt_tokens"] > 0
    assert figures["tokens_per_s"] > 0
    assert "tokens_per_s_is_measured" not in figures


def test_it_lists_its_model(chat: Any):
    assert chat(input="@")["models"] == [NAME]


def test_a_wrong_key_is_a_sentence_without_the_key(chat: Any):
    body = chat(input="hi", API_KEY="wrong-key")
    assert "refused the credentials (401): check API_KEY" in body["output"]
    assert body["error"]["kind"] == "key"
    assert "wrong-key" not in str(body)


def test_a_message_over_its_context_is_told_as_that(chat: Any):
    body = chat(input="capital " * 2 * CONTEXT_TOKENS)
    assert "are too long for" in body["output"]
    assert body["error"]["kind"] == "context"


def test_it_is_free_again_when_the_reader_has_left(chat: Any, streamer: Streamock, llamacpp_url: str):
    def busy_slots() -> int:
        slots = httpx.get(f"{llamacpp_url}/slots", headers={"Authorization": f"Bearer {KEY}"}).json()
        return sum(slot["is_processing"] for slot in slots)

    with ThreadPoolExecutor() as callers:
        asked = callers.submit(chat, input="Say 1 2 3 4 5 and go on for ever.", **streamer.args)
        streamer.wait_frames(1)
        streamer.hang_up()
        asked.result(DEADLINE_S)
    assert eventually(lambda: busy_slots() == 0, DEADLINE_S)


CLOUD = streamed_answer("From the cloud.")


@pytest.fixture(params=["chat/stateless", "chat/assistant"])
def main(request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any) -> Any:
    request.getfixturevalue("needs_llamacpp")
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action(request.param).main
    importlib.import_module("mastro.chat.health")._resting.clear()
    return main


def settings(url: str, cloud: OpenAIServer) -> dict[str, Any]:
    azure = {
        "AZURE_OPENAI_ENDPOINT": cloud.url,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        "CHAT_FALLBACK": "azure",
    }
    return {"BASE_URL": url, "API_KEY": KEY, "MODEL": f"openai/{NAME}", "metrics": True, **azure}


def test_killed_before_the_question_the_next_one_answers(main: Any):
    with OpenAIServer(CLOUD) as cloud, llamacpp_server() as (url, process):
        process.kill()
        process.wait(DEADLINE_S)
        body = main({**settings(url, cloud), "input": "hi"})["body"]
        host = url.removeprefix("http://")
        assert body["output"].startswith(f"(openai at {host} cannot be reached: connection refused.")
        assert body["output"].endswith("From the cloud.")


def test_killed_before_its_first_word_the_next_one_answers(main: Any, streamer: Streamock):
    with OpenAIServer(CLOUD) as cloud, llamacpp_server() as (url, process), ThreadPoolExecutor() as callers:
        process.send_signal(signal.SIGSTOP)  # it takes the question and says nothing
        asked = callers.submit(main, {**settings(url, cloud), "input": "hi", **streamer.args})
        assert eventually(lambda: has_unread(url), DEADLINE_S)
        process.kill()
        asked.result(DEADLINE_S)
        assert cloud.questions
    assert streamer.text().startswith("(openai broke off before its answer. azure/gpt-4o answers.)")


def test_killed_in_mid_answer_nobody_else_is_asked(main: Any, streamer: Streamock):
    with OpenAIServer(CLOUD) as cloud, llamacpp_server() as (url, process), ThreadPoolExecutor() as callers:
        long_question = "Say 1 2 3 4 5 and go on for ever."
        asked = callers.submit(main, {**settings(url, cloud), "input": long_question, **streamer.args})
        streamer.wait_frames(1)
        process.send_signal(signal.SIGSTOP)
        process.kill()
        asked.result(DEADLINE_S)
        assert cloud.requests == []


def has_unread(url: str) -> bool:
    """Return whether bytes wait in a socket of a server of this machine."""
    port = f"{int(url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{port}") and int(row[4].partition(":")[2], 16) > 0 for row in rows)
