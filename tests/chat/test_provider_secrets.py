"""No key of a model server leaves an action but in the header that it is for, whatever goes wrong there."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from streamock import Streamock

from tests.scripted.openai_server import (
    EVENT_STREAM,
    OpenAIServer,
    Said,
    chunk,
    event,
    json_answer,
    refusal,
    stream,
    streamed_answer,
)

KEY = "canary-key/with+odd=signs"
CHATS = ["chat/stateless", "chat/assistant"]
WORD = event(chunk({"content": "one "}))
FAULTS: dict[str, Said] = {
    "none": streamed_answer("one two"),
    "401 that repeats the key": refusal(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"),
    "400 that repeats the key": refusal(400, f"bad {KEY}"),
    "404 that repeats the key": refusal(404, f"no model for {KEY}", code="model_not_found"),
    "429 that repeats the key": refusal(429, f"{KEY} is busy", {"retry-after": "7"}),
    "500 that repeats the header": refusal(500, f"Bearer {KEY}"),
    "a web page that repeats the key": json_answer(f"<p>{KEY}</p>", 502),
    "200 with such a page": json_answer(f"<p>{KEY}</p>"),
    "an error event that repeats it": stream(WORD, event({"error": {"message": KEY}})),
    "an error event first": stream(event({"error": {"message": KEY}})),
    "an error as text": stream(event({"error": f"Bearer {KEY}"})),
    "a redirect": json_answer("", 302, {"location": "http://127.0.0.1:9/"}),
    "garbage": stream(WORD, b"garbage\n"),
    "a reset": Said(200, EVENT_STREAM, [WORD], then="reset"),
    "an early end": stream(WORD),
}
WAYS: dict[str, dict[str, str]] = {
    "openai": {"BASE_URL": "{url}", "API_KEY": KEY, "MODEL": "m"},
    "azure": {
        "AZURE_OPENAI_ENDPOINT": "{url}",
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "m",
    },
    "openai, then azure": {
        "BASE_URL": "{url}",
        "API_KEY": KEY,
        "MODEL": "m",
        "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1",
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "m",
        "CHAT_FALLBACK": "azure",
    },
}


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return what an action wrote to its log."""
    caplog.set_level(logging.DEBUG)
    return lambda: "".join(capfd.readouterr()) + caplog.text


@pytest.fixture(autouse=True)
def no_ollama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


def settings_of(way: str, server: OpenAIServer) -> Mapping[str, str]:
    return {name: value.format(url=server.url) for name, value in WAYS[way].items()}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CHATS)
def test_a_key_is_in_its_header_alone(
    load_action: Any, printed: Callable[[], str], streamer: Streamock, name: str, way: str, fault: str
):
    with OpenAIServer(FAULTS[fault]) as server:
        args = {"input": "hello", "metrics": True, **settings_of(way, server), **streamer.args}
        answer = load_action(name).main(args)
        assert server.questions
        for asked in server.requests:
            carrying = [header for header, value in asked.headers.items() if KEY in value]
            assert carrying == ["api-key" if way == "azure" else "authorization"]
            assert KEY not in asked.path + json.dumps(asked.body)
    assert streamer.frames()
    assert KEY not in json.dumps(answer) + streamer.data.decode() + printed()


@pytest.mark.parametrize("given", ["@", ""])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CHATS)
def test_a_list_and_a_greeting_repeat_no_key(
    load_action: Any, printed: Callable[[], str], name: str, way: str, given: str
):
    repeating = refusal(401, f"Incorrect API key provided: {KEY}")
    with OpenAIServer(routes={"/v1/models": repeating}) as server:
        args = {"input": given, "metrics": True, **settings_of(way, server)}
        answer = load_action(name).main(args)
    assert answer["body"]["output"]
    assert KEY not in json.dumps(answer) + printed()


@pytest.mark.parametrize(
    "settings",
    [
        {"BASE_URL": "http://example.com", "API_KEY": KEY},
        {"BASE_URL": "no-such-host.invalid", "API_KEY": KEY},
        {"BASE_URL": f"https://user:{KEY}@host:port"},
        {"BASE_URL": "http://127.0.0.1:1", "API_KEY": f"{KEY} with a blank"},
        {"BASE_URL": "http://127.0.0.1:1", "API_KEY": f"{KEY}\r\nx: y"},
        {"AZURE_OPENAI_ENDPOINT": "http://example.com", "AZURE_OPENAI_API_KEY": KEY},
        {"AZURE_OPENAI_ENDPOINT": f"ftp://{KEY}", "AZURE_OPENAI_API_KEY": KEY},
    ],
)
@pytest.mark.parametrize("name", CHATS)
def test_settings_that_fail_are_not_repeated(
    load_action: Any, printed: Callable[[], str], name: str, settings: dict[str, str]
):
    answer = load_action(name).main({"input": "hello", "MODEL": "m", "metrics": True, **settings})
    assert answer["body"]["output"]
    assert KEY not in json.dumps(answer) + printed()
