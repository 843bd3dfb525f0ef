"""The chats on a real llama.cpp server: its key, its context, its figures, and what it does at a stop."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from llamacpp_http_server import CONTEXT_TOKENS, KEY, MODEL, llamacpp_url
from streamock import Streamock
from waiting import eventually

__all__ = ["llamacpp_url"]

DEADLINE_S = 20
NAME = str(MODEL)


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
