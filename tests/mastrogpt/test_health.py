"""Who answers, as a load balancer, a script or a person hears it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from deaf_hosts import silent_host
from localops_process import LocalopsProcess
from scripted_ollama import Script, ScriptedOllama, Status

from tests.scripted.openai_server import OpenAIServer, json_answer, refusal

NOWHERE = "127.0.0.1:1"
UNKNOWN = "azure.invalid"
DEAD = {"BASE_URL": f"http://{NOWHERE}/v1"}
KEYS = {"AUTH": "canary-auth", "API_KEY": "canary-openai", "AZURE_OPENAI_API_KEY": "canary-azure"}
SECRET = "canary-login"


@pytest.fixture
def health(load_action: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """Return status and body."""
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action("mastrogpt/health").main

    def ask(**args: str) -> tuple[int, Any]:
        found = main(args)
        return found["statusCode"], found["body"]

    return ask


@pytest.fixture
def token(load_action: Any) -> str:
    load_action("mastrogpt/login")
    return sys.modules["login"].issue("ada", SECRET.encode())


def timeless(body: Any) -> Any:
    """Return the providers without how long they took, having looked at that."""
    assert all(0 < each["took_ms"] < 2500 for each in body["providers"])
    return [{key: value for key, value in each.items() if key != "took_ms"} for each in body["providers"]]


def serving(*names: str) -> OpenAIServer:
    """Return a server of every kind, which has these models."""
    listed = json_answer({"object": "list", "data": [{"id": name} for name in names]})
    loaded = json_answer(list(names))
    paths = {"/v1/models": listed, "/openai/v1/models": listed, "/models/loaded": loaded}
    return OpenAIServer(refusal(500, "nobody may ask a model"), routes=paths)


def test_each_server_says_how_it_is_and_no_model_is_asked(health: Any, ollama: ScriptedOllama):
    with serving("gpt-oss", "o3") as openai, serving("phi:1") as foundry, serving() as azure:
        status, body = health(
            OLLAMA_HOST=ollama.host,
            BASE_URL=openai.url,
            FOUNDRY_HOST=foundry.url,
            AZURE_OPENAI_ENDPOINT=azure.url,
            AZURE_OPENAI_DEPLOYMENT="my-gpt",
            LOGIN_SECRET=SECRET,
        )
    assert (status, body["answers"], body["default"], body["fault"]) == (200, True, "ollama", None)
    well = {"is_local": True, "reachable": True, "fault": None}
    assert timeless(body) == [
        {"name": "ollama", "models": 2, **well},
        {"name": "foundry", "models": 1, **well},
        {"name": "openai", "models": 2, **well},
        {"name": "azure", "models": 1, **well},
    ]
    assert body["output"].startswith("ollama answers (2 models, ")
    asked = [*ollama.requests, *openai.requests, *foundry.requests, *azure.requests]
    assert [(each.method, each.path) for each in asked] == [
        ("GET", "/api/tags"),
        ("GET", "/v1/models"),
        ("GET", "/models/loaded"),
        ("GET", "/openai/v1/models"),
    ]


@pytest.mark.parametrize(
    ("ollama_answers", "settings", "status"),
    [
        (True, {}, 200),
        (True, DEAD, 200),
        (True, {**DEAD, "CHAT_FALLBACK": "openai"}, 200),
        # It answers, but nobody asks it unless a person chooses it.
        (True, {**DEAD, "MODEL": "openai/x"}, 503),
        (True, {**DEAD, "MODEL": "openai/x", "CHAT_FALLBACK": "ollama"}, 200),
        (False, {}, 503),
        (False, {**DEAD, "CHAT_FALLBACK": "openai"}, 503),
    ],
)
def test_the_status_says_whether_somebody_answers_who_is_asked(
    health: Any, ollama_answers: bool, settings: dict[str, str], status: int
):
    with ScriptedOllama(refuse=not ollama_answers) as ollama:
        found, body = health(OLLAMA_HOST=ollama.host, **settings)
    assert (found, body["answers"]) == (status, status == 200)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"CHAT_FALLBACK": "azure"}, "CHAT_FALLBACK names 'azure', which is not configured"),
        ({"CHAT_LONG_WORDS": "many"}, "CHAT_LONG_WORDS is not a number: correct the setting."),
    ],
)
def test_a_setting_that_lets_no_message_through_is_a_fault(
    health: Any, ollama: ScriptedOllama, settings: dict[str, str], fault: str
):
    status, body = health(OLLAMA_HOST=ollama.host, **settings)
    assert (status, body["fault"][: len(fault)]) == (503, fault)
    assert body["providers"][0]["reachable"]
    assert body["output"].endswith(body["fault"])


def test_without_any_server_it_says_what_to_set(health: Any):
    status, body = health()
    assert status == 503
    [ollama] = body["providers"]
    assert ollama["fault"].startswith("OLLAMA_HOST is not set")


def test_who_has_no_login_hears_neither_addresses_nor_a_servers_own_words(
    health: Any, ollama: ScriptedOllama, token: str
):
    with OpenAIServer(routes={"/v1/models": refusal(500, "disk sda1 is full")}) as server:
        settings = {"OLLAMA_HOST": ollama.host, "BASE_URL": server.url, "FOUNDRY_HOST": NOWHERE}
        settings |= {"AZURE_OPENAI_ENDPOINT": f"https://{UNKNOWN}", "AZURE_OPENAI_DEPLOYMENT": "my-gpt"}
        _, in_short = health(**settings, LOGIN_SECRET=SECRET, token="made.up.token")
        _, in_full = health(**settings, LOGIN_SECRET=SECRET, token=token)
    for told in (ollama.host, server.host, NOWHERE, UNKNOWN, "sda1", "llama3.1:8b"):
        assert told not in str(in_short)
        assert told in str(in_full)
    *faults, last = (each["fault"] for each in in_short["providers"])
    assert last in ("azure cannot be found.", "azure does not answer within 2 s.")
    assert faults == [
        None,
        "foundry cannot be reached: connection refused.",
        "openai refused (500).",
    ]
    first, second, *_ = in_full["providers"]
    assert first["names"] == ["llama3.1:8b", "deepseek-r1:32b"]
    assert second["title"] == f"Foundry Local at {NOWHERE}"


def test_no_key_is_told_not_even_to_who_may_chat(health: Any, token: str):
    def repeats(name: str) -> OpenAIServer:
        refused = refusal(401, f"the key {KEYS[name]} is not known")
        return OpenAIServer(routes={"/v1/models": refused, "/openai/v1/models": refused})

    tags = Script("", routes={"/api/tags": [Status(401, {"error": f"bad key {KEYS['AUTH']}"})]})
    with (
        ScriptedOllama(tags) as ollama,
        repeats("API_KEY") as openai,
        repeats("AZURE_OPENAI_API_KEY") as azure,
    ):
        settings = {
            "OLLAMA_HOST": ollama.host,
            "BASE_URL": openai.url,
            "AZURE_OPENAI_ENDPOINT": azure.url,
            "AZURE_OPENAI_DEPLOYMENT": "my-gpt",
            "LOGIN_SECRET": SECRET,
        }
        for given in ("", token):
            status, body = health(**KEYS, **settings, token=given)
            assert (status, "canary" in str(body)) == (503, False)
            assert [each["reachable"] for each in body["providers"]] == [False] * 3
    assert {each.headers["api-key"] for each in azure.requests} == {KEYS["AZURE_OPENAI_API_KEY"]}


def test_a_silent_server_keeps_nobody_waiting(health: Any, ollama: ScriptedOllama):
    with silent_host() as silent:
        begun_s = time.monotonic()
        status, body = health(OLLAMA_HOST=ollama.host, FOUNDRY_HOST=silent, LOGIN_SECRET=SECRET)
    assert time.monotonic() - begun_s < 10
    assert (status, body["providers"][0]["reachable"]) == (200, True)
    assert body["providers"][1]["fault"] in (
        "foundry does not answer within 2 s.",
        "foundry was silent for 2 s.",
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_is_asked_by_its_address_alone(method: str):
    with ScriptedOllama() as ollama:
        environment = {"OLLAMA_HOST": ollama.host, "CHAT_FALLBACK": "", "LOGIN_SECRET": SECRET}
        with LocalopsProcess(environment=environment) as running:
            address = f"{running.url}/api/my/mastrogpt/health"
            answer = httpx.request(method, address, timeout=60)
            assert (answer.status_code, answer.json()["answers"]) == (200, True)
            ollama.script.routes["/api/tags"] = [Status(503, {"error": "starting"})]
            answer = httpx.request(method, address, timeout=60)
            assert (answer.status_code, answer.json()["answers"]) == (503, False)
