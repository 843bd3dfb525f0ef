"""The smallest chat: one question, one answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scripted_ollama import Answer, ScriptedOllama, Status


@pytest.fixture
def simple(load_action: Any) -> Any:
    main = load_action("chat/simple").main
    return lambda host, **args: main({"OLLAMA_HOST": host, "input": "hi", **args})["body"]["output"]


def test_a_question_is_answered_whole(simple: Any, ollama: ScriptedOllama):
    assert simple(ollama.host, input="What is the capital of Italy?") == "The capital of Italy is Rome."
    assert ollama.requests[0].body == {
        "model": "llama3.1:8b",
        "prompt": "What is the capital of Italy?",
        "stream": False,
    }


@pytest.mark.parametrize("given", [None, "", []])
def test_without_a_question_it_greets(simple: Any, ollama: ScriptedOllama, given: Any):
    assert simple(ollama.host, input=given) == "Welcome: type a question for llama3.1:8b."
    assert ollama.requests == []


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Status(404, {"error": "model 'x' not found"}), "get it with `ollama pull llama3.1:8b`"),
        (Status(401, "<html>"), "does not answer as Ollama does: check OLLAMA_HOST and AUTH"),
        (Status(503, {"error": "busy"}), "gave no answer (503): try again, or check OLLAMA_HOST."),
        (Status(200, {"hello": 1}), "gave no answer (200)"),
        (Status(200, {"response": 5}), "gave no answer (200)"),
        (Status(302, "", {"location": "/"}), "does not answer as Ollama does"),
    ],
)
def test_a_failure_is_a_sentence(simple: Any, fault: Status, sentence: str):
    with ScriptedOllama(Answer("x", faults=(fault,))) as server:
        assert sentence in simple(server.host)


def test_a_server_that_is_down_is_a_sentence(simple: Any):
    with ScriptedOllama("x", refuse=True) as server:
        assert f"The model server at {server.host} cannot be reached" in simple(server.host)


def test_credentials_go_into_the_header_whatever_the_machine_says(
    simple: Any, ollama: ScriptedOllama, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    simple(ollama.host, AUTH="user:password")
    assert ollama.requests[0].headers["authorization"] == "Basic dXNlcjpwYXNzd29yZA=="


def test_the_answer_can_always_be_written_by_the_runtime(simple: Any, ollama: ScriptedOllama):
    json.dumps(simple(ollama.host, input="\ud83d"), ensure_ascii=False).encode()
