"""Whatever goes wrong, the reader gets what there was and one sentence, and the action returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from raw_server import raw_server
from scripted_ollama import (
    Answer,
    End,
    Fails,
    Fin,
    Insert,
    RepeatEnd,
    Reset,
    Schedule,
    Script,
    ScriptedOllama,
    Slice,
    Stall,
    Status,
    error_line,
)
from stream_reader import streamed
from streamock import Streamock

CHATS = ["chat/stateless", "chat/assistant"]
TEXT = "one two three four"
DEADLINE_S = 20
HTML = "<html><body>Bad gateway</body></html>"


@pytest.fixture(params=CHATS)
def chat(request: pytest.FixtureRequest, load_action: Any, streamer: Streamock) -> Callable[..., str]:
    """Ask something, and return what the reader got."""
    main = load_action(request.param).main

    def ask(host: str, **args: Any) -> str:
        body = streamed(main({"OLLAMA_HOST": host, "input": "count", **streamer.args, **args}), streamer)
        assert streamer.ended_by == "action"
        return body["output"]

    return ask


BEFORE_THE_FIRST_TOKEN = {
    "401 of a proxy": (Status(401, HTML), "refused the credentials (401): check AUTH"),
    "403 without a body": (Status(403), "refused the credentials (403): check AUTH"),
    "404 of Ollama": (Status(404, {"error": "model 'x' not found"}), "get it with `ollama pull llama3.1:8b`"),
    "404 of an old Ollama": (
        Status(404, {"error": 'model "x" not found, try pulling it first'}),
        "get it with `ollama pull llama3.1:8b`",
    ),
    "404 of another server": (
        Status(404, "404 page not found"),
        "answered 404 Not Found, and not as a model server does",
    ),
    "400": (Status(400, {"error": '"x" does not support generate'}), '"x" does not support generate'),
    "429": (Status(429, {"error": {"message": "slow down"}}), "is busy (429): try again in a moment"),
    "500 of the engine": (Fails(after=0), "answered 500: an error was encountered while running the model"),
    "500 without a body": (Status(500), "answered 500 Internal Server Error"),
    "502 of a proxy": (Status(502, HTML), "answered 502 Bad Gateway, and not as a model server does"),
    "503": (
        Status(503, {"error": "server busy, please try again.  maximum pending requests exceeded"}),
        "is busy (503): try again",
    ),
    "599": (Status(599), "answered 599"),
    "a redirect": (
        Status(301, "", {"location": "https://elsewhere.example"}),
        "answered 301 Moved Permanently",
    ),
    "an error of an unknown shape": (Status(500, {"error": ["x"]}), "answered 500 Internal Server Error"),
    "a web page with status 200": (Status(200, HTML), "not part of an answer: check OLLAMA_HOST"),
    "JSON of something else": (Status(200, {"hello": "world"}), "ended the answer before it was whole"),
    "nothing with status 200": (Status(200), "ended the answer before it was whole"),
    "a reset": (Reset(after=0), "broke off"),
}


@pytest.mark.parametrize("name", BEFORE_THE_FIRST_TOKEN)
def test_a_refusal_is_one_sentence_that_says_what_to_do(chat: Callable[..., str], name: str):
    fault, sentence = BEFORE_THE_FIRST_TOKEN[name]
    with ScriptedOllama(Answer(TEXT, faults=(fault,))) as server:
        output = chat(server.host)
    assert sentence in output
    assert "\n" not in output
    assert "<" not in output


IN_THE_MIDDLE = {
    "an error line": (error_line("out of memory", after=2), "The model stopped with an error: out of memory"),
    "the engine fails": ((Fails("it broke", after=2),), "The model stopped with an error: it broke"),
    "an end without done": ((End(after=2),), "ended the answer before it was whole"),
    "a cut connection": ((Fin(after=2),), "broke off in the middle of its answer"),
    "a reset": ((Reset(after=2),), "broke off in the middle of its answer"),
    "garbage": ((Insert(b"garbage\n", after=2),), "not part of an answer"),
    "an array": ((Insert(b"[1]\n", after=2),), "not part of an answer"),
    "a number for text": (
        (Insert(b'{"response":5,"message":{"content":5}}\n', after=2),),
        "not part of an answer",
    ),
    "a list for a message": ((Insert(b'{"message":[]}\n', after=2),), "not part of an answer"),
    "no UTF-8": ((Insert(b'{"response":"\xff"}\n', after=2),), "not part of an answer"),
    "JSON without an end": ((Insert(b"[" * 100_000 + b"\n", after=2),), "not part of an answer"),
    "two objects on a line": ((Insert(b"{}{}\n", after=2),), "not part of an answer"),
}


@pytest.mark.parametrize("name", IN_THE_MIDDLE)
def test_what_was_said_before_a_failure_is_kept(chat: Callable[..., str], name: str):
    faults, sentence = IN_THE_MIDDLE[name]
    with ScriptedOllama(Answer(TEXT, faults=faults)) as server:
        said, _, apart = chat(server.host).partition("\n\n")
    assert said == "one two"
    assert sentence in apart


HARMLESS = {
    "blank lines": (Insert(b"\n\r\n \n", after=2),),
    "a second end": (RepeatEnd(),),
    "an unknown event": (Insert(b'{"status":"x"}\n', after=2),),
    "an empty token": (Insert(b'{"response":"","message":{"content":""},"done":false}\n', after=2),),
    "every byte alone": (Slice(1),),
    "odd writes": (Slice(7),),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_no_harm_is_not_noticed(chat: Callable[..., str], name: str):
    with ScriptedOllama(Answer(TEXT, faults=HARMLESS[name])) as server:
        assert chat(server.host) == TEXT


def test_a_line_over_64_kilobytes_is_read(chat: Callable[..., str]):
    long = "word " * 20_000
    with ScriptedOllama(Answer(["a ", long, "b"])) as server:
        assert chat(server.host) == f"a {long}b"


def test_text_that_json_escapes_arrives_as_it_was_said(chat: Callable[..., str]):
    text = 'a "quote" \\ <b>&amp;\u2028\u2029\x85\x00\x7f € \U0001f600 \ufffd'
    with ScriptedOllama(Answer([*text], faults=(Slice(3),))) as server:
        assert chat(server.host) == text


def test_half_a_surrogate_pair_from_the_model_is_replaced(chat: Callable[..., str]):
    line = b'{"response":"\\ud83d","message":{"content":"\\ud83d"}}\n'
    with ScriptedOllama(Answer("a b", faults=(Insert(line, after=1),))) as server:
        assert chat(server.host) == "a\ufffd b"


def test_half_a_surrogate_pair_from_the_person_is_asked_all_the_same(chat: Callable[..., str]):
    with ScriptedOllama("yes") as server:
        assert chat(server.host, input="a\ud83d") == "yes"


def test_a_model_that_says_nothing_is_a_sentence(chat: Callable[..., str]):
    with ScriptedOllama(Answer("")) as server:
        assert chat(server.host) == "The model returned an empty answer: ask in other words."


@pytest.mark.parametrize("think_tags", [True, False])
def test_a_model_that_only_thinks_is_a_sentence(chat: Callable[..., str], think_tags: bool):
    with ScriptedOllama(Answer("", thinking="let me see", think_tags=think_tags)) as server:
        output = chat(server.host, state="deepseek-r1:32b")
    assert output.endswith("The model returned an empty answer: ask in other words.")


def test_a_server_that_is_down_is_a_sentence(chat: Callable[..., str]):
    with ScriptedOllama("x", refuse=True) as server:
        assert f"{server.host} cannot be reached (connection refused): check that it runs" in chat(
            server.host
        )


def test_a_name_that_nobody_knows_is_a_sentence(chat: Callable[..., str]):
    assert "name no-such-host.invalid is not known" in chat("no-such-host.invalid")


def test_no_host_at_all_is_a_sentence(chat: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OLLAMA_HOST")
    assert "OLLAMA_HOST is not set" in chat("")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"", "broke off before its answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke off before its answer"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n", "broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", "ended the answer before it was whole"),
        (b"HTTP/1.1 500 Oh\r\ncontent-length: 100\r\n\r\n{", "answered 500"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"response":"a","message":{"content":"a"},"done":true}', None),
        (b'HTTP/1.0 200 OK\r\n\r\n{"response":"a","message":{"content":"a"}}\n', "ended the answer before"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200, "broke off before its answer"),
    ],
)
def test_bytes_that_no_ollama_sends_are_a_sentence(
    chat: Callable[..., str], said: bytes, sentence: str | None
):
    with raw_server(said) as host:
        output = chat(host)
    assert (sentence in output) if sentence else output == "a"


def test_a_line_without_an_end_is_not_kept_in_memory_for_ever(chat: Callable[..., str]):
    with raw_server(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (9 * 1024 * 1024)) as host:
        assert "sent a line without an end" in chat(host)


@pytest.mark.parametrize(("place", "limit_s"), [(0, 2), (2, 6)])
def test_a_silent_model_is_left_before_the_time_of_the_action_is_over(
    chat: Callable[..., str], time_limit: Callable[[float], None], place: int, limit_s: float
):
    with ScriptedOllama(Answer(TEXT, faults=(Stall(after=place),))) as server:
        time_limit(limit_s)
        output = chat(server.host)
        assert server.requests[0].wait_closed(DEADLINE_S)
    assert ("No answer came in the time" if place == 0 else "one two\n\nThe answer is cut here") in output


def test_an_answer_without_end_is_cut_in_time(chat: Callable[..., str], time_limit: Callable[[float], None]):
    with ScriptedOllama(Answer("word ", endless=True, schedule=Schedule(tokens_per_s=200))) as server:
        time_limit(6)
        output = chat(server.host)
        assert server.requests[0].wait_closed(DEADLINE_S)
    assert output.startswith("word ")
    assert output.endswith(
        "\n\nThe answer is cut here, because the time this action has is over: ask it to go on."
    )


def test_a_slow_first_token_is_waited_for(chat: Callable[..., str]):
    with ScriptedOllama(Answer("here", schedule=Schedule(first_s=1))) as server:
        assert chat(server.host) == "here"


@pytest.mark.parametrize("given", [{"form": {}}, ["x"], 5, True])
def test_what_is_no_text_is_not_asked(chat: Callable[..., str], ollama: ScriptedOllama, given: Any):
    assert chat(ollama.host, input=given) == "This chat understands only text: type a message."
    assert ollama.requests == []


def test_a_reasoning_that_breaks_off_is_closed_before_the_sentence(load_action: Any):
    broken = Answer("x", thinking="one two", think_tags=True, faults=(End(after=4),))
    with ScriptedOllama(Script(broken, models=["llama3.1:8b"])) as server:
        output = load_action("chat/stateless").main({"OLLAMA_HOST": server.host, "input": "x"})["body"][
            "output"
        ]
    assert output.startswith("[think]\none")
    assert "\n[/think]\n\n" in output
    assert "ended the answer before it was whole" in output
