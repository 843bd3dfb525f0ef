"""No secret leaves an action but in the one header that it is for."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from scripted_ollama import (
    Answer,
    End,
    Fails,
    Insert,
    Reset,
    Script,
    ScriptedOllama,
    Stall,
    Status,
    error_line,
)
from streamock import Streamock

USER, PASSWORD = "canary-user", "canary-password/with:odd@signs?"
TOKEN = "canary-token-0123456789"
REDIS_PASSWORD, LOGIN_SECRET = "canary-redis", "canary-login"
CHATS = ["chat/simple", "chat/stateless", "chat/assistant"]
AUTHS = {"basic": f"{USER}:{PASSWORD}", "bearer": TOKEN}
HEADERS = {
    "basic": "Basic " + base64.b64encode(AUTHS["basic"].encode()).decode(),
    "bearer": f"Bearer {TOKEN}",
}


def faults(kind: str) -> dict[str, Sequence[Any]]:
    """Give what goes wrong at the model server; some of it repeats what the server was told."""
    auth, header = AUTHS[kind], HEADERS[kind]
    password = auth.partition(":")[2] or auth
    return {
        "none": (),
        "401 that repeats the credentials": (Status(401, {"error": f"bad {auth} {password}"}),),
        "500 that repeats the header": (Status(500, {"error": f"{header} {header}"}),),
        "a web page that repeats the credentials": (Status(502, f"<p>{auth}</p>"),),
        "200 with such a page": (Status(200, f"<p>{auth}</p>"),),
        "an error line that repeats them": error_line(f"{auth} {header}", after=1),
        "a redirect": (Status(302, "", {"location": "http://127.0.0.1:9/"}),),
        "the engine fails": (Fails(after=1),),
        "garbage": (Insert(b"garbage\n", after=1),),
        "a reset": (Reset(after=1),),
        "an early end": (End(after=1),),
        "silence": (Stall(after=1),),
    }


CASES = [
    (name, kind, fault)
    for name in CHATS
    for kind in AUTHS
    for fault in faults(kind)
    # It would wait for a minute.
    if (name, fault) != ("chat/simple", "silence")
]


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Give all that was printed and logged."""

    def both() -> str:
        captured = capfd.readouterr()
        return captured.out + captured.err + caplog.text

    return both


def assert_no_secret(text: str) -> None:
    hidden = [
        USER,
        PASSWORD,
        TOKEN,
        REDIS_PASSWORD,
        LOGIN_SECRET,
        *HEADERS.values(),
        HEADERS["basic"].removeprefix("Basic "),
        "canary",
    ]
    assert not [secret for secret in hidden if secret in text]


@pytest.mark.parametrize(("name", "kind", "fault"), CASES)
def test_credentials_are_in_the_header_and_nowhere_else(
    load_action: Any,
    printed: Callable[[], str],
    name: str,
    kind: str,
    fault: str,
):
    answers = Answer("one two", faults=faults(kind)[fault])
    # Nobody waits for a model that is silent. The assistant says first that it cannot reach its Redis.
    said = 2 if name == "chat/assistant" else 1
    streamer = Streamock(close_after_frames=said if fault == "silence" else None)
    with ScriptedOllama(Script(answers, models=["llama3.1:8b"])) as ollama, streamer:
        args = {
            "OLLAMA_HOST": ollama.host,
            "AUTH": AUTHS[kind],
            "input": "hello",
            "metrics": True,
            "request": secrets.token_hex(8),
            "REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:1",
        }
        answer = load_action(name).main({**args, **({} if name == "chat/simple" else streamer.args)})
        asked = [request for request in ollama.requests if request.method == "POST"]
    assert [request.headers["authorization"] for request in asked] == [HEADERS[kind]]
    assert_no_secret(json.dumps(asked[0].body) + asked[0].path)
    assert_no_secret(json.dumps(answer) + streamer.data.decode() + printed())


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize(
    "settings",
    [
        {"OLLAMA_HOST": "http://example.com"},
        {"OLLAMA_HOST": "host.docker.internal"},
        {"OLLAMA_HOST": "no-such-host.invalid"},
        {"OLLAMA_HOST": "127.0.0.1:1"},
        {"OLLAMA_HOST": f"https://{USER}:{TOKEN}@127.0.0.1:1", "AUTH": ""},
        {"OLLAMA_HOST": f"http://{USER}:{TOKEN}@example.com", "AUTH": ""},
        {"OLLAMA_HOST": f"https://{USER}:{TOKEN}@host:port", "AUTH": ""},
        {"OLLAMA_HOST": f"ftp://{USER}:{TOKEN}@host", "AUTH": ""},
        {"OLLAMA_HOST": "127.0.0.1:1", "AUTH": f"{TOKEN} with a blank"},
        {"OLLAMA_HOST": "127.0.0.1:1", "AUTH": f"{TOKEN}\nx: y"},
        {"OLLAMA_HOST": f"{USER}:{TOKEN}", "AUTH": ""},
    ],
)
def test_settings_that_fail_are_not_repeated(
    load_action: Any, printed: Callable[[], str], name: str, settings: dict[str, str]
):
    answer = load_action(name).main({"AUTH": AUTHS["basic"], "input": "hello", **settings})
    assert answer["body"]["output"]
    assert_no_secret(json.dumps(answer) + printed())


@pytest.mark.parametrize("name", ["chat/stateless", "chat/assistant"])
@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{REDIS_PASSWORD}@127.0.0.1:1",
        f"redis://{REDIS_PASSWORD}",
        f"redis://:{REDIS_PASSWORD}@127.0.0.1:x",
        f"rediss://:{REDIS_PASSWORD}@127.0.0.1:1",
        REDIS_PASSWORD,
    ],
)
@pytest.mark.parametrize("asked", [{"input": "hello", "request": "r"}, {"stop": "r"}])
def test_a_redis_that_fails_is_not_repeated(
    load_action: Any,
    ollama: ScriptedOllama,
    printed: Callable[[], str],
    name: str,
    url: str,
    asked: dict[str, str],
):
    answer = load_action(name).main({"OLLAMA_HOST": ollama.host, "REDIS_URL": url, **asked})
    assert_no_secret(json.dumps(answer) + printed())


@pytest.mark.parametrize("name", [*CHATS, "chat/countdown"])
@pytest.mark.parametrize("token", ["", "canary-token.1.x", "canary.9999999999.canary"])
def test_a_login_that_fails_is_not_repeated(
    load_action: Any, printed: Callable[[], str], name: str, token: str
):
    answer = load_action(name).main({"LOGIN_SECRET": LOGIN_SECRET, "token": token, "input": "1"})
    assert "log" in answer["body"]["output"]
    assert_no_secret(json.dumps(answer) + printed())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_trace_of_an_error_inside_holds_no_argument(shared: Any, printed: Callable[[], str]):

    def make(written: Any) -> None:
        args = {"AUTH": TOKEN}
        written.write(args["missing"])

    answer = shared("streaming").reply({}, make)
    assert_no_secret(json.dumps(answer) + printed())


@pytest.mark.parametrize(
    "name", ["mastrogpt/hello", "mastrogpt/demo", "mastrogpt/display", "mastrogpt/index"]
)
def test_the_other_actions_print_nothing_of_their_arguments(
    load_action: Any, printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setenv("__OW_API_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("__OW_API_KEY", f"{USER}:{TOKEN}")
    args = {"AUTH": TOKEN, "token": TOKEN, "LOGIN_SECRET": LOGIN_SECRET, "input": "hello"}
    answer = load_action(name).main(args)
    assert_no_secret(json.dumps(answer) + printed())


def test_the_login_gives_out_no_secret(load_action: Any, printed: Callable[[], str]):
    login = load_action("mastrogpt/login").main
    for password in ("geppetto", TOKEN):
        answer = login(
            {
                "username": "pinocchio",
                "password": password,
                "LOGIN_SECRET": LOGIN_SECRET,
                "S3_SECRET_KEY": "canary-key",
            }
        )
        assert_no_secret(json.dumps(answer) + printed())
