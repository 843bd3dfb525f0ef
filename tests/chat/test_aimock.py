"""The chats on aimock, a stand-in for OpenAI and Azure OpenAI that others wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from child_process import child

HERE = Path(__file__).parent
KEY = "key-of-aimock"


@pytest.fixture(scope="module")
def aimock_url() -> Iterator[str]:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("Node.js is not installed, and nothing may be skipped here")
        pytest.skip("Node.js is not installed")
    with child(
        [node, HERE / "aimock.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), "aimock did not start"
        yield url


ROUTES = {
    "openai": {"BASE_URL": "{url}", "API_KEY": KEY, "MODEL": "gpt-4o"},
    "azure, dated": {
        "AZURE_OPENAI_ENDPOINT": "{url}",
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        "AZURE_OPENAI_API_VERSION": "2024-10-21",
    },
    "azure, v1": {
        "AZURE_OPENAI_ENDPOINT": "{url}/openai/v1/",
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
    },
}


@pytest.fixture(params=ROUTES)
def ask(
    request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any, aimock_url: str
) -> Callable[..., dict[str, Any]]:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    settings = {name: value.format(url=aimock_url) for name, value in ROUTES[request.param].items()}
    main = load_action("chat/assistant").main
    return lambda **args: main({**settings, "metrics": True, "thinking": True, **args})["body"]


def test_text_reasoning_and_figures_arrive(ask: Any):
    body = ask(input="hello")
    assert (body["output"], body["thinking"]) == ("Hi there!", "let me see")
    assert body["metrics"]["done_reason"] == "stop"
    assert body["metrics"]["tokens"] > 0


def test_a_busy_server_is_told_with_when_to_ask_again(ask: Any):
    body = ask(input="busy")
    assert "is busy (429): try again in 7 s" in body["output"]
    assert (body["error"]["kind"], body["error"]["retry_after_s"]) == ("busy", 7)


def test_a_wrong_key_is_a_sentence(ask: Any):
    body = ask(input="hello", API_KEY="wrong-key", AZURE_OPENAI_API_KEY="wrong-key")
    assert "refused the" in body["output"]
    assert body["error"]["kind"] == "key"
    assert "wrong-key" not in str(body)
