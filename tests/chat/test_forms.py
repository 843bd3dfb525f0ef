"""Whatever a client sends as JSON it may send as a form too, where everything is text."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from localops_process import LocalopsProcess
from scripted_ollama import Answer, Schedule, ScriptedOllama

DEADLINE_S = 20
ENDLESS = Answer("word ", endless=True, schedule=Schedule(tokens_per_s=50))
REFUSAL = "Please log in to use this chat; a login lasts one day."
LOGIN = {"username": "pinocchio", "password": "geppetto"}
HISTORY = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture(scope="module")
def closed_desk(server: ScriptedOllama) -> Iterator[LocalopsProcess]:
    """Serve this project with localops, to people who have logged in only."""
    environment = {"OLLAMA_HOST": server.host, "LOGIN_SECRET": secrets.token_urlsafe()}
    with LocalopsProcess(environment=environment) as process:
        yield process


@pytest.fixture
def post(closed_desk: LocalopsProcess) -> Callable[..., dict[str, Any]]:
    """Send a form to an action and give its answer."""

    def send(action: str, **fields: str) -> dict[str, Any]:
        url = f"{closed_desk.url}/api/my/{action}"
        return httpx.post(url, data=fields, timeout=DEADLINE_S).json()

    return send


@pytest.fixture
def token(post: Callable[..., dict[str, Any]]) -> str:
    return post("mastrogpt/login", **LOGIN)["token"]


@pytest.mark.parametrize("action", ["chat/simple", "chat/countdown", "chat/stateless", "chat/assistant"])
@pytest.mark.parametrize("token", ["", "expired.1.x"])
def test_who_is_not_let_in_is_asked_to_log_in(post: Any, action: str, token: str):
    answer = post(action, input="1", token=token)
    assert (answer["output"], answer["login"]) == (REFUSAL, True)


@pytest.mark.parametrize("action", ["chat/countdown", "chat/stateless", "chat/assistant"])
def test_who_is_not_let_in_is_asked_to_log_in_through_the_stream_too(
    closed_desk: LocalopsProcess, action: str
):
    said = httpx.post(f"{closed_desk.url}/web/devel/{action}", json={"input": "1"}, timeout=DEADLINE_S)
    assert said.json() == {"output": REFUSAL, "login": True}


@pytest.mark.parametrize("action", ["chat/stateless", "chat/assistant"])
def test_input_token_and_state_may_come_in_a_form(post: Any, server: ScriptedOllama, token: str, action: str):
    server.say("yes")
    chosen = post(action, input="@deep", token=token)["state"]
    answer = post(action, input="hello", token=token, state=chosen, request="r-1", metrics="true")
    assert answer["output"] == "yes"
    assert (answer["metrics"]["model"], answer["metrics"]["request"]) == ("deepseek-r1:32b", "r-1")


def test_simple_and_countdown_take_a_form(post: Any, server: ScriptedOllama, token: str):
    server.say("yes")
    assert post("chat/simple", input="hello", token=token) == {"output": "yes"}
    assert post("chat/countdown", input="1", token=token)["output"] == "1...\nGo!\n"


def test_history_options_and_thinking_may_come_in_a_form(post: Any, server: ScriptedOllama, token: str):
    server.say(Answer("Rome", thinking="let me see"))
    answer = post(
        "chat/assistant",
        input="c",
        token=token,
        state="deepseek-r1:32b",
        history=json.dumps(HISTORY),
        options='{"temperature": 0.5, "max_tokens": 20}',
        thinking="1",
    )
    assert (answer["output"], answer["thinking"]) == ("Rome", "let me see")
    asked = server.requests[-1].body
    assert asked is not None
    assert asked["messages"] == [*HISTORY, {"role": "user", "content": "c"}]
    assert asked["options"] == {"temperature": 0.5, "num_predict": 20}


@pytest.mark.parametrize("no", ["", "0", "false", "False", " no ", "off"])
def test_a_word_for_no_is_no(post: Any, server: ScriptedOllama, token: str, no: str):
    server.say(Answer("Rome", thinking="let me see"))
    answer = post("chat/assistant", input="x", token=token, thinking=no, metrics=no, history="", options="")
    assert answer["output"] == "Rome"
    assert not {"thinking", "metrics"} & set(answer)


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("history", "hello", "`history` is not a conversation"),
        ("history", "{}", "`history` is not a conversation"),
        ("history", "[" * 100_000, "`history` is not a conversation"),
        ("options", "hot", "`options` must be an object"),
        ("options", '{"temperature": "hot"}', "The option temperature must be a number"),
    ],
)
def test_a_text_that_is_not_what_it_must_be_is_a_sentence(
    post: Any, token: str, field: str, text: str, sentence: str
):
    assert sentence in post("chat/assistant", input="x", token=token, **{field: text})["output"]


@pytest.mark.parametrize("action", ["chat/stateless", "chat/assistant"])
def test_a_stop_may_come_in_a_form(
    closed_desk: LocalopsProcess, post: Any, server: ScriptedOllama, token: str, action: str
):
    server.say(ENDLESS)
    request = secrets.token_urlsafe()
    asked = {"input": "x", "token": token, "request": request}
    url = f"{closed_desk.url}/web/devel/{action}"
    with httpx.stream("POST", url, json=asked, timeout=DEADLINE_S) as stream:
        texts = stream.iter_text()
        assert "word" in next(texts)
        assert post(action, stop=request, token="")["output"] == REFUSAL
        assert server.requests[-1].closed_s is None
        assert post(action, stop=request, token=token)["output"] == "The answer is being stopped."
        for _ in texts:
            pass
    assert server.requests[-1].wait_closed(DEADLINE_S)
