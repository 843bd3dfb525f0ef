"""Where LOGIN_SECRET is set, chats are for people with a token."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from scripted_ollama import ScriptedOllama
from stream_reader import streamed
from streamock import Streamock

SECRET = "the-secret"
REFUSAL = "Please log in to use this chat; a login lasts one day."
CHATS = ["chat/simple", "chat/countdown", "chat/stateless", "chat/assistant"]


@pytest.fixture(params=CHATS)
def chat(request: pytest.FixtureRequest, load_action: Any) -> Callable[..., str]:
    main = load_action(request.param).main
    return lambda **args: main({"LOGIN_SECRET": SECRET, **args})["body"]["output"]


@pytest.fixture
def session(shared: Any) -> Any:
    return shared("session")


def test_the_token_of_the_login_opens_every_chat(chat: Any, load_action: Any):
    login = {"username": "pinocchio", "password": "geppetto", "LOGIN_SECRET": SECRET}
    token = load_action("mastrogpt/login").main(login)["body"]["token"]
    assert chat(token=token) != REFUSAL


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", 5, ["x"], "\ud83d", "a" * 100_000, "..", "é.1.x"])
def test_without_a_valid_token_nothing_is_asked(chat: Any, ollama: ScriptedOllama, token: Any):
    assert chat(input="1", token=token, OLLAMA_HOST=ollama.host) == REFUSAL
    assert ollama.requests == []


@pytest.mark.parametrize("asked", ["", "@", "@deep", "llama", {"form": {}}])
def test_without_a_token_nothing_else_is_told_either(chat: Any, ollama: ScriptedOllama, asked: Any):
    assert chat(input=asked, OLLAMA_HOST=ollama.host) == REFUSAL
    assert ollama.requests == []


@pytest.mark.parametrize("name", CHATS)
def test_only_a_refusal_asks_for_the_login(load_action: Any, issue: Any, name: str):
    main = load_action(name).main
    assert main({"LOGIN_SECRET": SECRET})["body"]["login"] is True
    token = issue("ada", SECRET.encode())
    assert "login" not in main({"LOGIN_SECRET": SECRET, "token": token})["body"]
    assert "login" not in main({})["body"]


def test_a_token_of_another_secret_is_refused(chat: Any, issue: Any):
    assert chat(token=issue("ada", b"another")) == REFUSAL


def test_an_expired_token_is_refused(chat: Any, session: Any):
    claim = f"{session.encoded(b'ada')}.{int(time.time()) - 1}"
    assert chat(token=f"{claim}.{session.signature(claim, SECRET.encode())}") == REFUSAL


@pytest.mark.parametrize("name", ["chat/countdown", "chat/stateless", "chat/assistant"])
def test_a_refusal_goes_through_the_stream(load_action: Any, streamer: Streamock, name: str):
    answer = load_action(name).main({"input": "1", "LOGIN_SECRET": SECRET, **streamer.args})
    assert streamed(answer, streamer) == {"output": REFUSAL, "streaming": True, "login": True}
    assert streamer.frames() == [{"output": REFUSAL, "login": True}]


def test_a_stop_needs_a_token_too(load_action: Any, redis_server: Any):
    args = {"stop": "some-request", "LOGIN_SECRET": SECRET, **redis_server.args}
    assert load_action("chat/stateless").main(args)["body"]["output"] == REFUSAL


def test_a_secret_of_digits_is_a_secret_though_it_comes_as_a_number(load_action: Any):
    login = {"username": "pinocchio", "password": "geppetto", "LOGIN_SECRET": 12345}
    token = load_action("mastrogpt/login").main(login)["body"]["token"]
    body = load_action("chat/stateless").main({"LOGIN_SECRET": 12345, "token": token})["body"]
    assert body["output"] != REFUSAL


@pytest.mark.parametrize("name", CHATS)
def test_without_a_secret_all_may_chat_and_the_log_says_so_once(
    load_action: Any, name: str, capsys: pytest.CaptureFixture[str]
):
    main = load_action(name).main
    for secret in (None, "", ""):
        assert main({"LOGIN_SECRET": secret})["body"]["output"] != REFUSAL
    assert capsys.readouterr().err == "LOGIN_SECRET is not set, so anybody may use this chat\n"
