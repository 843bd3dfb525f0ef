"""The lesson's promises, and what the stateless chat adds to them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import streamock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_server import raw_server
from scripted_ollama import Answer, Insert, Schedule, Script, ScriptedOllama, Slice
from stream_reader import streamed
from streamock import Streamock

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="<`~")
THOUGHT = "[think]\nlet me see\n[/think]\n\nRome"


@pytest.fixture
def stateless(load_action: Any) -> Any:
    return load_action("chat/stateless").stateless


@pytest.fixture
def main(load_action: Any) -> Callable[..., dict[str, Any]]:
    main = load_action("chat/stateless").main

    def answer(ollama: ScriptedOllama, **args: Any) -> dict[str, Any]:
        """Return the body, or the whole answer of an action that streamed."""
        found = main({"OLLAMA_HOST": ollama.host, "input": "hi", **args})
        return found.get("body", found)

    return answer


def test_the_url_reaches_an_ollama_that_runs(stateless: Any):
    base = stateless.url({})[: -len("api/generate")]
    assert requests.get(base, timeout=5).text == "Ollama is running"


def test_the_lines_of_a_response_are_streamed_as_text(stateless: Any):
    args = streamock.args()
    url = stateless.url(args)
    mock = streamock.start(args)
    asked = {"model": "llama3.1:8b", "prompt": "What is the capital of Italy?", "stream": True}
    output = stateless.stream(args, requests.post(url, json=asked, timeout=5).iter_lines())
    streamed = streamock.stop(mock).decode()
    assert output == "The capital of Italy is Rome."
    assert "Rom" in streamed
    assert "{" not in output


def test_lines_that_break_off_are_a_sentence_behind_what_came(stateless: Any):
    def lines() -> Any:
        yield b'{"response":"so far"}'
        raise requests.exceptions.ChunkedEncodingError("gone")

    assert (
        stateless.stream({}, lines())
        == "so far\n\nThe model server broke off in the middle of its answer: try again."
    )


@pytest.mark.parametrize("lines", [[b"garbage"], [b'{"response":"a"}', b"[]"], [b'{"error":"no"}']])
def test_lines_that_say_no_answer_are_a_sentence(stateless: Any, lines: list[bytes]):
    assert stateless.stream({}, lines).endswith((".", "no"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tokens=st.lists(st.text(CHARACTERS, min_size=1), min_size=1, max_size=30),
    size=st.integers(1, 40),
    rate=st.sampled_from([None, 300.0, 2000.0]),
    burst=st.sampled_from([1, 4]),
)
def test_any_text_cut_anywhere_at_any_rate_is_what_the_reader_decodes(
    main: Any, tokens: list[str], size: int, rate: float | None, burst: int
):
    schedule = Schedule(tokens_per_s=rate, burst=burst)
    answer = Answer(tokens, schedule=schedule, faults=(Slice(size),))
    with ScriptedOllama(Script(answer, models=["llama3.1:8b"])) as ollama, Streamock(production=True) as mock:
        body = streamed(main(ollama, **mock.args), mock)
        assert body["output"] == "".join(tokens)


@pytest.mark.parametrize("think_tags", [True, False])
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_reasoning_of_old_and_new_servers_comes_out_the_same(main: Any, think_tags: bool, size: int):
    answer = Answer("Rome", thinking="let me see", think_tags=think_tags, faults=(Slice(size),))
    with ScriptedOllama(answer) as ollama:
        assert main(ollama, state="deepseek-r1:32b")["output"] == THOUGHT


def test_reasoning_of_a_server_of_2024_comes_out_the_same(main: Any):
    script = Script(Answer("Rome", thinking="let me see"), models=["deepseek-r1:32b"], old=True)
    with ScriptedOllama(script) as ollama:
        assert main(ollama, state="deepseek-r1:32b")["output"] == THOUGHT


def test_each_message_is_asked_alone_with_the_default_model(main: Any, ollama: ScriptedOllama):
    body = main(ollama, input="hello")
    [request] = ollama.requests
    assert request.path == "/api/chat"
    message = {"role": "user", "content": "hello"}
    assert request.body == {"model": "llama3.1:8b", "messages": [message], "stream": True}
    assert body == {"output": "You said: hello", "streaming": True, "state": "llama3.1:8b"}


def test_figures_are_for_a_client_that_asks_and_come_last(
    main: Any, ollama: ScriptedOllama, streamer: Streamock
):
    began_s = time.monotonic()
    body = streamed(main(ollama, metrics=True, request="r-1", **streamer.args), streamer)
    took_ms = 1000 * (time.monotonic() - began_s)
    figures = body["metrics"]
    assert streamer.frames()[-1] == {"metrics": figures}
    assert (figures["model"], figures["done_reason"], figures["request"]) == ("llama3.1:8b", "stop", "r-1")
    assert figures["tokens"] == 3
    assert 0 < figures["first_token_ms"] < took_ms
    assert figures["tokens_per_s"] > 0


def test_figures_tell_why_an_answer_ended(main: Any):
    with ScriptedOllama(Answer("yes", done_reason="length")) as ollama:
        figures = main(ollama, metrics=True)["metrics"]
    assert (figures["model"], figures["done_reason"]) == ("llama3.1:8b", "length")


@pytest.mark.parametrize(
    "end", [b'{"model": "tiny:3m", "response": "", "done": true}\n', b""], ids=["whole", "cut off"]
)
def test_figures_name_the_model_that_really_answered(load_action: Any, end: bytes):
    said = b'HTTP/1.0 200 OK\r\n\r\n{"model": "tiny:3m", "response": "yes"}\n' + end
    with raw_server(said) as host:
        asked = {"OLLAMA_HOST": host, "input": "hi", "metrics": True}
        body = load_action("chat/stateless").main(asked)["body"]
    assert body["output"].startswith("yes")
    assert body["metrics"]["model"] == "tiny:3m"


def test_a_client_that_does_not_ask_gets_only_output_and_state(
    main: Any, ollama: ScriptedOllama, streamer: Streamock
):
    body = streamed(main(ollama, **streamer.args), streamer)
    assert set(body) == {"output", "streaming", "state"}
    for frame in streamer.frames():
        assert frame["output"]
        assert set(frame) <= {"output", "state"}


@pytest.mark.parametrize("request_id", ["\ud83d", "x" * 100_000, 5, ["x"]])
def test_figures_always_fit_a_message_and_the_runtime(
    main: Any, ollama: ScriptedOllama, streamer: Streamock, request_id: Any
):
    given = {"state": "\ud83d", "request": request_id, "token": "\ud83d", "metrics": True}
    body = streamed(main(ollama, **given, **streamer.args), streamer)
    assert len(json.dumps(streamer.frames()[-1])) < 1900
    json.dumps(body, ensure_ascii=False).encode()


@pytest.mark.parametrize("value", ["text", "\ud83d", None, [], {}, True, 1.5, "x" * 5000])
def test_figures_of_any_kind_do_no_harm(main: Any, value: Any):
    names = ("model", "eval_count", "eval_duration", "prompt_eval_count", "done_reason")
    last = json.dumps({**dict.fromkeys(names, value), "done": True}).encode()
    with ScriptedOllama(Answer("yes", faults=(Insert(last + b"\n", after=1),))) as ollama:
        body = main(ollama, metrics=True)
    assert body["output"] == "yes"
    json.dumps(body, ensure_ascii=False).encode()
