"""/api/generate and /api/chat: the shape of lines and objects, for each engine."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from scripted_ollama import Answer, Script, ScriptedOllama

ITALY = "What is the capital of Italy?"
METRICS = ["total_duration", "load_duration"]
METRICS += ["prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"]
ASKED = {"/api/generate": {"prompt": ITALY}, "/api/chat": {"messages": [{"role": "user", "content": ITALY}]}}


def lines_of(answer: httpx.Response) -> list[dict]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.content.split(b"\n")[:-1]]


def text_of(line: dict) -> str:
    return line["response"] if "response" in line else line["message"]["content"]


@pytest.mark.parametrize("path", ASKED)
def test_a_stream_is_ndjson_with_the_counters_in_its_last_line(server, path: str):
    answer = server.post(path, model=server.model, options={"temperature": 0}, **ASKED[path])
    *lines, last = lines_of(answer)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "Rome" in "".join(map(text_of, lines))
    assert len(lines) > 3
    assert all(not line["done"] and line["model"] == server.model for line in lines)
    assert (last["done"], last["done_reason"], text_of(last)) == (True, "stop", "")
    assert [name for name in last if name in METRICS] == METRICS
    assert all(isinstance(last[name], int) and last[name] > 0 for name in METRICS)
    assert last["total_duration"] >= last["eval_duration"]


@pytest.mark.parametrize(
    ("path", "first", "last"),
    [
        ("/api/generate", ["model", "created_at", "response", "done"],
         ["model", "created_at", "response", "done", "done_reason", "context"]),
        ("/api/chat", ["model", "created_at", "message", "done"],
         ["model", "created_at", "message", "done", "done_reason"]),
    ],
)  # fmt: skip
def test_members_come_in_ollamas_order(server, path: str, first: list[str], last: list[str]):
    lines = lines_of(server.post(path, model=server.model, options={"temperature": 0}, **ASKED[path]))
    assert list(lines[0]) == first
    assert list(lines[-1]) == [*last, *METRICS]


@pytest.mark.parametrize("path", ASKED)
def test_without_stream_it_is_one_object(server, path: str):
    answer = server.post(path, model=server.model, stream=False, options={"temperature": 0}, **ASKED[path])
    whole = answer.json()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "Rome" in text_of(whole)
    assert whole["done"]
    assert set(METRICS) <= set(whole)


@pytest.mark.parametrize(
    ("path", "body"), [("/api/generate", {"prompt": ""}), ("/api/chat", {"messages": []})]
)
@pytest.mark.parametrize(("keep_alive", "reason"), [(None, "load"), ("1m", "load"), (0, "unload")])
def test_nothing_asked_loads_or_unloads_and_says_so_in_one_object(server, path, body, keep_alive, reason):
    answer = server.post(path, model=server.model, keep_alive=keep_alive, **body)
    whole = answer.json()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert (text_of(whole), whole["done"], whole["done_reason"]) == ("", True, reason)
    assert not set(METRICS) & set(whole)


def test_the_answer_has_the_callers_spelling_of_the_name(server):
    spelled = server.model.upper()
    assert lines_of(server.post("/api/generate", model=spelled, prompt=ITALY))[0]["model"] == spelled


@pytest.mark.parametrize("path", ASKED)
def test_num_predict_cuts_the_answer_and_says_length(server, path: str):
    options = {"temperature": 0, "num_predict": 3}
    *lines, last = lines_of(server.post(path, model=server.model, options=options, **ASKED[path]))
    assert (last["done_reason"], last["eval_count"]) == ("length", 3)
    assert len(lines) <= 3


@pytest.mark.parametrize("path", ASKED)
def test_a_stop_text_ends_the_answer_and_is_not_in_it(server, path: str):
    options = {"temperature": 0, "stop": ["Italy"]}
    *lines, last = lines_of(server.post(path, model=server.model, options=options, **ASKED[path]))
    assert "".join(map(text_of, lines)).strip() == "The capital of"
    assert last["done_reason"] == "stop"


def test_a_context_continues_the_conversation():
    with ScriptedOllama(Script("one", "two")) as ollama:
        body = {"model": "scripted", "stream": False}
        first = httpx.post(ollama.url + "/api/generate", json={**body, "prompt": "a"}).json()
        second = httpx.post(
            ollama.url + "/api/generate", json={**body, "prompt": "b", "context": first["context"]}
        ).json()
    assert (second["response"], second["prompt_eval_count"]) == ("two", 3)


@pytest.mark.parametrize("raw", [True, False])
def test_raw_has_no_context(server, raw: bool):
    last = lines_of(server.post("/api/generate", model=server.model, prompt=ITALY, raw=raw))[-1]
    assert ("context" in last) is not raw


def test_brackets_and_line_separators_are_escaped_on_the_wire():
    with ScriptedOllama(Answer(["<b>", " & \u2028\u0085", " perché"])) as ollama:
        answer = httpx.post(ollama.url + "/api/generate", json={"model": "llama3.1:8b", "prompt": "x"})
    assert rb'"response":"\u003cb\u003e"' in answer.content
    assert rb'"response":" \u0026 \u2028\u0085"' in answer.content
    assert '"response":" perché"'.encode() in answer.content


THINKING = Answer("Rome.", thinking="Let me see.")
TAGGED = "<think>\nLet me see.\n</think>\n\nRome."


@pytest.mark.parametrize(
    ("think", "thinking", "text"),
    [
        (None, "Let me see.", "Rome."),
        (True, "Let me see.", "Rome."),
        ("low", "Let me see.", "Rome."),
        (False, "", "Rome."),
    ],
)
@pytest.mark.parametrize("path", ASKED)
def test_thinking_comes_in_a_member_of_its_own(path: str, think, thinking: str, text: str):
    with ScriptedOllama(THINKING) as ollama:
        body = {"model": "deepseek-r1:32b", "think": think, **ASKED[path]}
        lines = lines_of(httpx.post(ollama.url + path, json=body))
        whole = httpx.post(ollama.url + path, json={**body, "stream": False}).json()
    parts = [line.get("message", line) for line in lines]
    assert "".join(part.get("thinking", "") for part in parts) == thinking
    assert "".join(map(text_of, lines)) == text_of(whole) == text
    assert whole.get("message", whole).get("thinking", "") == thinking
    thoughts = [part for part in parts if "thinking" in part]
    assert all(text_of({"message": part} if path == "/api/chat" else part) == "" for part in thoughts)


@pytest.mark.parametrize("path", ASKED)
def test_an_old_server_thinks_inside_the_text(path: str):
    with ScriptedOllama(Script(THINKING, models=["deepseek-r1:32b"], old=True)) as ollama:
        body = {"model": "deepseek-r1:32b", **ASKED[path]}
        lines = lines_of(httpx.post(ollama.url + path, json=body))
        version = httpx.get(ollama.url + "/api/version").json()["version"]
        missing = httpx.post(ollama.url + path, json={**body, "model": "nix"}).json()
    assert "".join(map(text_of, lines)) == TAGGED
    assert all("thinking" not in line.get("message", line) for line in lines)
    assert re.fullmatch(r"0\.[0-8]\.\d+", version)
    assert missing == {"error": 'model "nix" not found, try pulling it first'}


def test_a_counter_that_is_zero_is_left_out():
    with ScriptedOllama(Answer("", prompt_tokens=0)) as ollama:
        last = lines_of(
            httpx.post(ollama.url + "/api/generate", json={"model": "llama3.1:8b", "prompt": "x"})
        )[-1]
    assert not {"eval_count", "prompt_eval_count"} & set(last)
    assert (last["response"], last["done"]) == ("", True)
