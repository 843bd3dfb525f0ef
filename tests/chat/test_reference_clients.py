"""What goes out to OpenAI and to Azure, field by field beside what the `openai` client sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import openai
import pytest

from mastro.providers.configured import Providers
from mastro.providers.provider import Question
from tests.scripted.openai_server import OpenAIServer, Received, streamed_answer

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "1"},
    {"role": "user", "content": "two"},
]
OPTIONS: dict[str, Any] = {
    "max_tokens": 9,
    "temperature": 0.5,
    "top_p": 0.9,
    "seed": 1,
    "stop": ["\n"],
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
}
KEY = "key-of-reference"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OLLAMA_HOST", "OPENAI_API_VERSION", "AZURE_OPENAI_ENDPOINT", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def of_openai(server: OpenAIServer) -> tuple[Any, dict[str, str], str]:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0)
    return client, {"BASE_URL": server.url, "API_KEY": KEY, "MODEL": "m"}, "authorization"


def of_azure(server: OpenAIServer) -> tuple[Any, dict[str, str], str]:
    version = "2024-10-21"
    client = openai.AzureOpenAI(
        azure_endpoint=server.url, api_key=KEY, api_version=version, azure_deployment="m", max_retries=0
    )
    settings = {
        "AZURE_OPENAI_ENDPOINT": server.url,
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "m",
        "AZURE_OPENAI_API_VERSION": version,
    }
    return client, settings, "api-key"


def of_azure_v1(server: OpenAIServer) -> tuple[Any, dict[str, str], str]:
    client = openai.OpenAI(
        base_url=f"{server.url}/openai/v1/", api_key="x", default_headers={"api-key": KEY}, max_retries=0
    )
    settings = {
        "AZURE_OPENAI_ENDPOINT": server.url,
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_DEPLOYMENT": "m",
    }
    return client, settings, "api-key"


@pytest.mark.parametrize("options", [{}, OPTIONS])
@pytest.mark.parametrize("way", [of_openai, of_azure, of_azure_v1])
def test_a_question_is_the_clients_but_for_what_no_server_needs(
    way: Callable[[OpenAIServer], tuple[Any, dict[str, str], str]],
    options: Mapping[str, Any],
    load_action: Any,
):
    with OpenAIServer(streamed_answer("Rome.")) as server:
        client, settings, key_header = way(server)
        theirs = client.chat.completions.create(
            model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **options
        )
        assert "".join(part.choices[0].delta.content or "" for part in theirs if part.choices) == "Rome."
        main = load_action("chat/assistant").main
        args = {"input": MESSAGES[-1]["content"], "history": MESSAGES[:-1], "options": options, **settings}
        assert main(args)["body"]["output"] == "Rome."
        client_sent, we_sent = server.questions
    assert we_sent.path == client_sent.path
    assert we_sent.body == client_sent.body
    assert key_of(we_sent, key_header) == key_of(client_sent, key_header)
    assert {"host", "content-length", "content-type", key_header, "accept-encoding"} >= set(we_sent.headers)


def key_of(received: Received, header: str) -> str:
    assert KEY in received.headers[header]
    return received.headers[header]


def test_a_model_of_the_v1_route_is_the_deployments_name():
    settings = {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com", "AZURE_OPENAI_DEPLOYMENT": "my-gpt"}
    azure = Providers(settings).get("azure")
    body = azure.chat(Question("my-gpt", [])).body
    assert body is not None
    assert body["model"] == "my-gpt"
