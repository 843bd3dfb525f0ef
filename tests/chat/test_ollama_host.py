"""Where the model server is, and what is sent to open it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
import requests

GENERATE = "/api/generate"


@pytest.fixture
def host(shared: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.delenv("OLLAMA_HOST")
    return lambda **args: shared("providers.ollama.host").ollama_host(args)


@pytest.fixture
def model_error(shared: Callable[[str], Any]) -> type[Exception]:
    return shared("providers.errors").ModelError


@pytest.mark.parametrize(
    ("address", "protocol", "url"),
    [
        ("ollama.example", "", "https://ollama.example"),
        ("ollama.example:8443", "", "https://ollama.example:8443"),
        ("ollama.example", "http", "http://ollama.example"),
        ("ollama.example:80", "http", "http://ollama.example"),
        ("https://ollama.example", "", "https://ollama.example"),
        ("http://ollama.example", "", "http://ollama.example"),
        ("http://ollama.example:8080/", "", "http://ollama.example:8080"),
        ("http://ollama.example", "https", "https://ollama.example"),
        ("https://gate.example/ollama/", "", "https://gate.example/ollama"),
        ("localhost", "", "http://localhost:11434"),
        ("localhost:1234", "", "http://localhost:1234"),
        ("127.0.0.1:1234", "", "http://127.0.0.1:1234"),
        ("127.0.0.1", "https", "https://127.0.0.1"),
        ("127.8.9.1", "", "http://127.8.9.1:11434"),
        ("host.docker.internal", "", "http://host.docker.internal:11434"),
        ("host.docker.internal:1", "", "http://host.docker.internal:1"),
        ("models.localhost", "", "http://models.localhost:11434"),
        ("http://localhost", "", "http://localhost"),
        (":1234", "", "http://127.0.0.1:1234"),
        ("0.0.0.0:1234", "", "http://127.0.0.1:1234"),
        ("[::1]:1234", "", "http://[::1]:1234"),
        ("::1", "", "http://[::1]:11434"),
        ("[2001:db8::1]", "", "https://[2001:db8::1]"),
        ("192.168.1.5:11434", "", "https://192.168.1.5:11434"),
        ("localhost.example", "", "https://localhost.example"),
        (" ollama.example \n", "HTTP", "http://ollama.example"),
    ],
)
def test_a_host_is_read_in_all_its_forms(host: Any, address: str, protocol: str, url: str):
    assert host(OLLAMA_HOST=address, OLLAMA_PROTO=protocol).url(GENERATE) == url + GENERATE


@pytest.mark.parametrize(
    "settings",
    [
        {"OLLAMA_HOST": ""},
        {"OLLAMA_HOST": "  "},
        {"OLLAMA_HOST": "host:port"},
        {"OLLAMA_HOST": "host:99999"},
        {"OLLAMA_HOST": "http://[::1"},
        {"OLLAMA_HOST": "ftp://host"},
        {"OLLAMA_HOST": "host", "OLLAMA_PROTO": "gopher"},
    ],
)
def test_an_unusable_setting_is_named(host: Any, model_error: Any, settings: dict[str, str]):
    with pytest.raises(model_error, match="OLLAMA_HOST"):
        host(**settings)


def test_the_arguments_beat_the_environment_and_an_empty_one_is_none(
    host: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OLLAMA_HOST", "from.environment")
    assert host(OLLAMA_HOST="from.arguments").name == "from.arguments"
    assert host(OLLAMA_HOST="").name == "from.environment"


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ("", None),
        ("user:password", "Basic dXNlcjpwYXNzd29yZA=="),
        ("a/b:c@d?e#f%g:h i", "Basic " + base64.b64encode(b"a/b:c@d?e#f%g:h i").decode()),
        ("è:€", "Basic " + base64.b64encode("è:€".encode()).decode()),
        (":only", "Basic Om9ubHk="),
        ("sk-a/b+c=", "Bearer sk-a/b+c="),
        ("token\n", "Bearer token"),
    ],
)
def test_auth_goes_into_a_header(host: Any, auth: str, header: str | None):
    found = host(OLLAMA_HOST="https://h", AUTH=auth)
    assert found.headers.get("Authorization") == header
    assert "@" not in found.url(GENERATE)


def test_a_number_is_a_password_too(host: Any):
    assert host(OLLAMA_HOST="https://h", AUTH=12345).headers["Authorization"] == "Bearer 12345"


def test_credentials_in_the_url_are_used_and_not_shown(host: Any):
    found = host(OLLAMA_HOST="https://us%40er:p%2Fw@h/x")
    assert found.headers["Authorization"] == "Basic " + base64.b64encode(b"us@er:p/w").decode()
    assert found.url("/y") == "https://h/x/y"
    assert "p/w" not in repr(found)


@pytest.mark.parametrize(
    "address",
    ["http://example.com", "http://192.168.1.5:11434", "host.docker.internal", "http://localhost.example"],
)
@pytest.mark.parametrize("auth", ["canary:secret", "canary-secret"])
def test_auth_is_refused_over_plain_http_to_another_machine(
    host: Any, model_error: Any, address: str, auth: str
):
    with pytest.raises(model_error, match="plain http") as caught:
        host(OLLAMA_HOST=address, AUTH=auth)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "[::1]:1", "https://example.com"])
def test_auth_is_sent_over_https_and_to_this_machine(host: Any, address: str):
    assert host(OLLAMA_HOST=address, AUTH="a:b").headers


@pytest.mark.parametrize("auth", ["two words", "line\nbreak", "ünïcode", "\x00"])
def test_a_token_that_no_header_can_carry_is_refused(host: Any, model_error: Any, auth: str):
    with pytest.raises(model_error, match="AUTH") as caught:
        host(OLLAMA_HOST="https://h", AUTH=auth)
    assert auth not in str(caught.value)


@pytest.mark.parametrize("auth", ["user:password", "a/b:c@d?e#f%g:h i"])
def test_the_url_of_the_lesson_carries_the_same_credentials(load_action: Any, ollama: Any, auth: str):
    stateless = load_action("chat/stateless").stateless
    url = stateless.url({"OLLAMA_HOST": ollama.host, "AUTH": auth})
    assert requests.get(url[: -len("api/generate")], timeout=5).text == "Ollama is running"
    sent = ollama.requests[-1].headers["authorization"]
    assert sent == "Basic " + base64.b64encode(auth.encode()).decode()
