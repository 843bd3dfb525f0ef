"""/v1/chat/completions and /v1/completions on the wire."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from scripted_ollama import Answer, Fails, ScriptedOllama

ITALY = "What is the capital of Italy?"
CHAT = {"messages": [{"role": "user", "content": ITALY}], "temperature": 0}
TEXT = {"prompt": ITALY, "temperature": 0}


def events_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    *events, rest = answer.text.split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: ") for event in events)
    return [event.removeprefix("data: ") for event in events]


def test_a_chat_stream_has_a_role_first_and_done_last(server):
    answer = server.post("/v1/chat/completions", model=server.model, stream=True, **CHAT)
    *chunks, finish = [json.loads(event) for event in events_of(answer)[:-1]]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert events_of(answer)[-1] == "[DONE]"
    assert "Rome" in "".join(delta["content"] for delta in deltas)
    assert [delta.get("role") for delta in deltas] == ["assistant"] + [None] * (len(deltas) - 1)
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)
    assert finish["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert len({(chunk["id"], chunk["created"]) for chunk in [*chunks, finish]}) == 1
    assert list(finish) == ["id", "object", "created", "model", "system_fingerprint", "choices"]
    assert (finish["object"], finish["system_fingerprint"]) == ("chat.completion.chunk", "fp_ollama")


def test_usage_comes_before_done_when_it_is_asked_for(server):
    body = {"model": server.model, "stream": True, "stream_options": {"include_usage": True}}
    events = events_of(server.post("/v1/chat/completions", **body, **CHAT))
    usage = json.loads(events[-2])
    assert usage["choices"] == []
    assert (
        usage["usage"]["total_tokens"]
        == usage["usage"]["prompt_tokens"] + usage["usage"]["completion_tokens"]
    )
    texts = [json.loads(event) for event in events_of(server.post("/v1/completions", **body, **TEXT))[:-1]]
    assert all("usage" in chunk for chunk in texts)
    assert texts[-1]["usage"]["completion_tokens"] > 3


def test_without_stream_it_is_one_object(server):
    chat = server.post("/v1/chat/completions", model=server.model, **CHAT).json()
    text = server.post("/v1/completions", model=server.model, **TEXT).json()
    assert chat["object"] == "chat.completion"
    assert chat["choices"][0]["message"]["role"] == "assistant"
    assert "Rome" in chat["choices"][0]["message"]["content"]
    assert text["object"] == "text_completion"
    assert "Rome" in text["choices"][0]["text"]
    assert chat["choices"][0]["finish_reason"] == text["choices"][0]["finish_reason"] == "stop"
    assert chat["usage"]["completion_tokens"] > 3


def test_a_text_stream_says_finished_in_a_chunk_and_ends_with_done(server):
    *events, done = events_of(server.post("/v1/completions", model=server.model, stream=True, **TEXT))
    choices = [json.loads(event)["choices"][0] for event in events]
    assert "Rome" in "".join(choice["text"] for choice in choices)
    assert choices[-1]["finish_reason"] == "stop"
    assert done == "[DONE]"


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"max_tokens": 2}, "length"), ({"stop": "Italy"}, "stop"), ({"stop": ["Italy"]}, "stop")],
)
def test_max_tokens_and_stop_end_the_answer(server, more: dict, reason: str):
    choice = server.post("/v1/chat/completions", model=server.model, **CHAT, **more).json()["choices"][0]
    assert choice["finish_reason"] == reason
    assert "Italy" not in choice["message"]["content"]


def test_content_may_come_in_parts(server):
    content = [{"type": "text", "text": "What is the capital"}, {"type": "text", "text": " of Italy?"}]
    body = {**CHAT, "messages": [{"role": "user", "content": content}]}
    choice = server.post("/v1/chat/completions", model=server.model, **body).json()["choices"][0]
    assert "Rome" in choice["message"]["content"]


@pytest.mark.parametrize(
    ("effort", "reasoning"),
    [
        ({}, "Let me see."),
        ({"reasoning_effort": "none"}, None),
        ({"reasoning": {"effort": "low"}}, "Let me see."),
    ],
)
def test_reasoning_is_a_member_of_the_message_and_of_deltas(effort: dict, reasoning: str | None):
    with ScriptedOllama(Answer("Rome.", thinking="Let me see.")) as ollama:
        body = {"model": "deepseek-r1:32b", **CHAT, **effort}
        message = httpx.post(ollama.url + "/v1/chat/completions", json=body).json()["choices"][0]["message"]
        stream = httpx.post(ollama.url + "/v1/chat/completions", json={**body, "stream": True})
    deltas = [json.loads(event)["choices"][0]["delta"] for event in events_of(stream)[:-1]]
    assert message.get("reasoning") == reasoning
    assert "".join(delta.get("reasoning", "") for delta in deltas) == (reasoning or "")
    assert all(delta["content"] == "" for delta in deltas if "reasoning" in delta)


@pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/completions", TEXT)])
def test_an_error_in_the_middle_is_lost_and_the_stream_ends_without_done(path: str, body: dict):
    with ScriptedOllama(Answer("one two three", faults=[Fails(after=2)])) as ollama:
        answer = httpx.post(ollama.url + path, json={"model": "llama3.1:8b", "stream": True, **body})
    events = events_of(answer)
    assert "[DONE]" not in events
    assert all(json.loads(event)["choices"][0]["finish_reason"] is None for event in events)
    assert len(events) == 3


INJECTED = "x\r\nX-Injected: yes\r\n"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": "x"}], "reasoning_effort": INJECTED},
        ),
        ("/v1/responses", {"input": [{"type": INJECTED}]}),
        ("/v1/responses", {"input": [{"role": "user", "content": [{"type": INJECTED}]}]}),
        ("/v1/responses", {"input": "x", "reasoning": {"effort": INJECTED}}),
        ("/api/generate", {"prompt": "x", "keep_alive": INJECTED}),
        ("/api/generate", {"prompt": "x", "think": INJECTED}),
        ("/api/chat", {"messages": [], "format": INJECTED}),
    ],
)
def test_what_a_caller_sent_stays_within_the_line_of_the_sentence(
    scripted: Any, path: str, body: dict[str, Any]
):
    refused = scripted.post(path, model=scripted.model, **body)
    error = refused.json()["error"]
    assert refused.status_code >= 400
    assert "\n" not in (error["message"] if isinstance(error, dict) else error)
