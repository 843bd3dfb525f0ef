"""Every answer, member by member, against the shapes that were read in Ollama's source.

Ollama itself cannot be had on the machines that run these tests, so what is compared with is written here:
for each answer its members in their order, and what the value of each must be.
Source: ollama api/types.go:557-564, 737-755, 822-844, 891-940; openai/openai.go:225-401.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

Check = Callable[[Any], bool]
ITALY = "What is the capital of Italy?"
ASK = [{"role": "user", "content": ITALY}]


@dataclass(frozen=True)
class Maybe:
    """A member that is left out when it is empty."""

    shape: Any


def difference(value: Any, shape: Any, place: str = "answer") -> str | None:
    """Say where a value differs from a shape.

    Args:
        shape: a dict of members in their order, a list whose one item is every item's shape, a function that
            checks, or the value itself.
    """
    if isinstance(shape, dict):
        return members_difference(value, shape, place)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{place} is not an array: {value!r}"
        found = (difference(each, shape[0], f"{place}[{number}]") for number, each in enumerate(value))
        return next(filter(None, found), None)
    fits = shape(value) if callable(shape) else value == shape and type(value) is type(shape)
    return None if fits else f"{place} is {value!r}"


def members_difference(value: Any, shape: dict[str, Any], place: str) -> str | None:
    if not isinstance(value, dict):
        return f"{place} is not an object: {value!r}"
    required = [name for name, each in shape.items() if not isinstance(each, Maybe)]
    if missing := [name for name in required if name not in value]:
        return f"{place} lacks {missing}"
    if list(value) != [name for name in shape if name in value]:
        return f"{place} has {list(value)}, expected {list(shape)}"
    for name, each in shape.items():
        if name in value:
            inner = each.shape if isinstance(each, Maybe) else each
            if found := difference(value[name], inner, f"{place}.{name}"):
                return found
    return None


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_some_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def is_time(value: Any) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z", value))


def is_digest(value: Any) -> bool:
    return bool(re.fullmatch("[0-9a-f]{64}", value))


def is_array_of_counts(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(type(each) is int for each in value)


def is_array_or_null(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, str) for each in value))


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_id(prefix: str) -> Check:
    return lambda value: bool(re.fullmatch(rf"{prefix}-\d{{1,3}}", value))


METRICS = {
    "total_duration": is_count,
    "load_duration": is_count,
    "prompt_eval_count": is_count,
    "prompt_eval_duration": Maybe(is_count),
    "eval_count": is_count,
    "eval_duration": is_count,
}
HEAD = {"model": is_some_text, "created_at": is_time}
GENERATE_LINE = {**HEAD, "response": is_text, "done": False}
GENERATE_LAST = {
    **HEAD,
    "response": "",
    "done": True,
    "done_reason": "stop",
    "context": is_array_of_counts,
    **METRICS,
}
GENERATE_WHOLE = {**GENERATE_LAST, "response": is_some_text}
CHAT_LINE = {**HEAD, "message": {"role": "assistant", "content": is_some_text}, "done": False}
CHAT_LAST = {
    **HEAD,
    "message": {"role": "assistant", "content": ""},
    "done": True,
    "done_reason": "stop",
    **METRICS,
}
CHAT_LOADED = {**HEAD, "message": CHAT_LAST["message"], "done": True, "done_reason": "load"}
CHAT_WHOLE = {**CHAT_LAST, "message": {"role": "assistant", "content": is_some_text}}
DETAILS = {
    "parent_model": "",
    "format": is_some_text,
    "family": is_some_text,
    "families": is_array_or_null,
    "parameter_size": is_some_text,
    "quantization_level": is_some_text,
    "context_length": Maybe(is_count),
    "embedding_length": Maybe(is_count),
}
LISTED = {
    "name": is_some_text,
    "model": is_some_text,
    "modified_at": is_time,
    "size": is_whole,
    "digest": is_digest,
    "details": DETAILS,
    "capabilities": [is_some_text],
}
RUNNING = {
    "name": is_some_text,
    "model": is_some_text,
    "size": is_whole,
    "digest": is_digest,
    "details": DETAILS,
    "expires_at": is_time,
    "size_vram": 0,
    "context_length": is_count,
}
SHOWN = {
    "license": Maybe(is_some_text),
    "modelfile": is_some_text,
    "template": Maybe(is_some_text),
    "details": DETAILS,
    "tensors": Maybe([{"name": is_some_text, "type": is_some_text, "shape": is_array_of_counts}]),
    "model_info": is_object,
    "capabilities": [is_some_text],
    "modified_at": is_time,
}
USAGE = {"prompt_tokens": is_count, "completion_tokens": is_count, "total_tokens": is_count}
MESSAGE = {"role": "assistant", "content": is_some_text}


def envelope(prefix: str, kind: str, choices: Any) -> dict[str, Any]:
    return {
        "id": is_id(prefix),
        "object": kind,
        "created": is_count,
        "model": is_some_text,
        "system_fingerprint": "fp_ollama",
        "choices": choices,
    }


def chunk(delta: Any, finish_reason: Any = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return envelope("chatcmpl", "chat.completion.chunk", [choice])


def text_chunk(text: Any, finish_reason: Any = None) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "finish_reason": finish_reason}
    return envelope("cmpl", "text_completion", [choice])


COMPLETION = {
    **envelope("chatcmpl", "chat.completion", [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]),
    "usage": USAGE,
}
TEXT_COMPLETION = {**text_chunk(is_some_text, "stop"), "usage": USAGE}
LISTED_BY_OPENAI = {"id": is_some_text, "object": "model", "created": is_whole, "owned_by": "library"}


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/version", {"version": "0.32.15"}),
        ("/api/tags", {"models": [LISTED]}),
        ("/api/ps", {"models": [RUNNING]}),
        ("/v1/models", {"object": "list", "data": [LISTED_BY_OPENAI]}),
    ],
)
def test_what_is_got_has_the_shape(server, path: str, shape: dict):
    server.post("/api/generate", model=server.model)
    answer = server.get(path).json()
    assert difference(answer, shape) is None
    assert all(answer.values())


@pytest.mark.parametrize(
    ("path", "body", "shape"),
    [
        ("/api/show", {}, SHOWN),
        ("/api/generate", {"prompt": ITALY, "stream": False}, GENERATE_WHOLE),
        ("/api/chat", {"messages": ASK, "stream": False}, CHAT_WHOLE),
        ("/api/generate", {}, {**HEAD, "response": "", "done": True, "done_reason": "load"}),
        ("/api/generate", {"keep_alive": 0}, {**HEAD, "response": "", "done": True, "done_reason": "unload"}),
        ("/api/chat", {"messages": []}, CHAT_LOADED),
        ("/v1/chat/completions", {"messages": ASK}, COMPLETION),
        ("/v1/completions", {"prompt": ITALY}, TEXT_COMPLETION),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_answered_at_once_has_the_shape(server, path: str, body: dict, shape: dict):
    cold = {"temperature": 0}
    answer = server.post(path, model=server.model, **(cold if "/v1/" in path else {"options": cold}), **body)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert difference(answer.json(), shape) is None


@pytest.mark.parametrize(
    ("path", "body", "line", "last"),
    [
        ("/api/generate", {"prompt": ITALY}, GENERATE_LINE, GENERATE_LAST),
        ("/api/chat", {"messages": ASK}, CHAT_LINE, CHAT_LAST),
    ],
)
def test_each_line_of_a_stream_has_the_shape(server, path: str, body: dict, line: dict, last: dict):
    answer = server.post(path, model=server.model, options={"temperature": 0}, **body)
    lines = [json.loads(each) for each in answer.text.removesuffix("\n").split("\n")]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert len(lines) > 3
    assert [difference(each, line) for each in lines[:-1]] == [None] * (len(lines) - 1)
    assert difference(lines[-1], last) is None


@pytest.mark.parametrize(
    ("path", "body", "first", "rest", "finish"),
    [
        (
            "/v1/chat/completions",
            {"messages": ASK},
            chunk(MESSAGE),
            chunk({"content": is_some_text}),
            chunk({}, "stop"),
        ),
        (
            "/v1/completions",
            {"prompt": ITALY},
            text_chunk(is_some_text),
            text_chunk(is_some_text),
            text_chunk("", "stop"),
        ),
    ],
    ids=["chat", "text"],
)
def test_each_event_of_openais_stream_has_the_shape(server, path: str, body: dict, first, rest, finish):
    answer = server.post(path, model=server.model, stream=True, temperature=0, **body)
    events = answer.text.removesuffix("\n\n").split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert all(event.startswith("data: ") for event in events)
    assert events[-1] == "data: [DONE]"
    assert difference(chunks[0], first) is None
    assert [difference(each, rest) for each in chunks[1:-1]] == [None] * (len(chunks) - 2)
    assert difference(chunks[-1], finish) is None
    assert len({(each["id"], each["created"]) for each in chunks}) == 1


def test_usage_is_an_event_of_its_own(server):
    body = {"messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
    answer = server.post("/v1/chat/completions", model=server.model, **body)
    event = json.loads(answer.text.split("\n\n")[-3].removeprefix("data: "))
    assert difference(event, {**envelope("chatcmpl", "chat.completion.chunk", []), "usage": USAGE}) is None
    assert event["choices"] == []


@pytest.mark.parametrize(
    ("path", "status", "shape"),
    [
        ("/api/generate", 404, {"error": "model 'nix' not found"}),
        (
            "/v1/completions",
            404,
            {
                "error": {
                    "message": "model 'nix' not found",
                    "type": "not_found_error",
                    "param": lambda value: value is None,
                    "code": lambda value: value is None,
                }
            },
        ),
    ],
)
def test_an_error_has_the_shape(server, path: str, status: int, shape: dict):
    answer = server.post(path, model="nix", prompt="x")
    assert answer.status_code == status
    assert difference(answer.json(), shape) is None


def test_the_vocabulary_is_shown_when_all_is_asked_for(builtin):
    short, whole = (
        builtin.post("/api/show", model=builtin.model, verbose=verbose).json()["model_info"]
        for verbose in (False, True)
    )
    assert short["tokenizer.ggml.tokens"] is None
    assert len(whole["tokenizer.ggml.tokens"]) == 3162
    assert set(short) == set(whole)


def test_the_durations_are_parts_of_the_whole(server):
    answer = server.post("/api/generate", model=server.model, prompt=ITALY, stream=False).json()
    parts = ("load_duration", "prompt_eval_duration", "eval_duration")
    assert sum(answer.get(part, 0) for part in parts) <= answer["total_duration"] < 60e9


@pytest.mark.parametrize(
    ("value", "shape", "told"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({}, {"a": Maybe(1)}, None),
        ({"a": True}, {"a": 1}, "answer.a is True"),
        ({}, {"a": 1}, "answer lacks ['a']"),
        ({"a": 1, "b": 2}, {"a": 1}, "answer has ['a', 'b'], expected ['a']"),
        ({"b": 2, "a": 1}, {"a": 1, "b": 2}, "answer has ['b', 'a'], expected ['a', 'b']"),
        ([1, 2], [1], "answer[1] is 2"),
        ({"a": [{"b": ""}]}, {"a": [{"b": is_some_text}]}, "answer.a[0].b is ''"),
    ],
)
def test_a_difference_is_named_by_its_place(value: Any, shape: Any, told: str | None):
    assert difference(value, shape) == told
