"""Where the settings say that model servers are, and what is refused to be sent there."""

from __future__ import annotations

from typing import Any

import pytest

from mastro.chat.route import Candidate, route
from mastro.providers.azure import Azure, azure_server
from mastro.providers.configured import Providers
from mastro.providers.errors import ModelError
from mastro.providers.foundry import foundry_server
from mastro.providers.openai.server import openai_server
from mastro.providers.provider import Question


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


ALL: dict[str, Any] = {
    "OLLAMA_HOST": "localhost",
    "FOUNDRY_HOST": "127.0.0.1:5273",
    "BASE_URL": "https://api.example.com",
    "AZURE_OPENAI_ENDPOINT": "https://my.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "my-gpt",
}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://localhost:1234/v1/", "http://localhost:1234/v1"),
        ("api.openai.com", "https://api.openai.com/v1"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.deepseek.com/v1/chat/completions", "https://api.deepseek.com/v1"),
        ("http://0.0.0.0:8000", "http://127.0.0.1:8000/v1"),
    ],
)
def test_base_url_is_taken_as_people_write_it(given: str, url: str):
    server = openai_server({"BASE_URL": given})
    assert f"{server.scheme}://{server}{server.path}" == url


DATED = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"


@pytest.mark.parametrize(
    ("endpoint", "settings", "path"),
    [
        ("https://my.openai.azure.com", {}, "/openai/v1/chat/completions"),
        ("https://my.openai.azure.com/", {}, "/openai/v1/chat/completions"),
        ("https://my.openai.azure.com/openai/", {}, "/openai/v1/chat/completions"),
        ("https://my.openai.azure.com/openai/v1/", {}, "/openai/v1/chat/completions"),
        ("my.services.ai.azure.com", {}, "/openai/v1/chat/completions"),
        ("https://my.openai.azure.com", {"AZURE_OPENAI_API_VERSION": "v1"}, "/openai/v1/chat/completions"),
        ("https://my.openai.azure.com", {"AZURE_OPENAI_API_VERSION": "2024-10-21"}, DATED),
        (
            "https://my.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
            {"AZURE_OPENAI_DEPLOYMENT": ""},
            DATED,
        ),
    ],
)
def test_the_endpoint_of_azure_is_taken_as_people_paste_it(
    endpoint: str, settings: dict[str, str], path: str
):
    args = {"AZURE_OPENAI_ENDPOINT": endpoint, "AZURE_OPENAI_DEPLOYMENT": "my-gpt", **settings}
    azure = Azure(azure_server(args))
    assert azure.server.path + azure.chat(Question(azure.default_model, [])).path == path
    assert azure.default_model == "my-gpt"


def test_a_deployments_name_is_quoted_in_the_path():
    azure = Azure(azure_server({**ALL, "AZURE_OPENAI_API_VERSION": "2024-10-21"}))
    assert "/deployments/..%2F..%2Fshutdown/" in azure.chat(Question("../../shutdown", [])).path


@pytest.mark.parametrize(
    ("read", "settings", "sentence"),
    [
        (
            openai_server,
            {"BASE_URL": "http://far:1", "API_KEY": "k"},
            "API_KEY is not sent to far over plain http",
        ),
        (openai_server, {"BASE_URL": "https://far", "API_KEY": "a b"}, "API_KEY holds characters"),
        (openai_server, {"BASE_URL": "ftp://far"}, "The scheme of BASE_URL is neither"),
        (openai_server, {"BASE_URL": "http://[secret"}, "BASE_URL is not a host, host:port or URL"),
        (
            azure_server,
            {"AZURE_OPENAI_ENDPOINT": "http://far", "AZURE_OPENAI_API_KEY": "k"},
            "AZURE_OPENAI_API_KEY is not sent to far over plain http",
        ),
        (azure_server, {"AZURE_OPENAI_ENDPOINT": "ftp://far"}, "The scheme of AZURE_OPENAI_ENDPOINT"),
        (foundry_server, {"FOUNDRY_HOST": "ftp://here"}, "The scheme of FOUNDRY_HOST"),
    ],
)
def test_a_setting_that_cannot_be_used_is_a_sentence(read: Any, settings: dict[str, str], sentence: str):
    with pytest.raises(ModelError) as error:
        read(settings)
    assert sentence in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("secret", ["API_KEY", "AZURE_OPENAI_API_KEY"])
def test_a_key_is_in_a_header_and_in_no_other_text(secret: str):
    args = {**ALL, secret: "s3cr3t", "AZURE_OPENAI_API_VERSION": "2024-10-21"}
    provider = Providers(args).get("openai" if secret == "API_KEY" else "azure")
    assert "s3cr3t" in str(provider.server.headers)
    assert "s3cr3t" not in f"{provider.server!r} {provider.server} {provider.chat(Question('m', []))}"
    assert provider.server.hide("no s3cr3t here") == "no *** here"


@pytest.mark.parametrize(
    ("key", "said", "hidden"),
    [
        ("s3cr3t-key", "as3cr3t-keyb", "a***b"),
        ("k", "talking to k, by key k", "talking to ***, by key ***"),
        ("k=", "k=x k= (k=)", "k=x *** (***)"),
        ("ollama", "ollama/llama3.1:8b", "ollama/llama3.1:8b"),
        ("EMPTY", "the list is empty, EMPTY", "the list is empty, EMPTY"),
        ("", "nothing", "nothing"),
    ],
)
def test_a_key_is_blotted_out_and_the_words_around_it_stay(key: str, said: str, hidden: str):
    assert openai_server({"BASE_URL": "http://127.0.0.1:1", "API_KEY": key}).hide(said) == hidden


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["ollama"]),
        ({"OLLAMA_HOST": "h"}, ["ollama"]),
        ({"BASE_URL": "h"}, ["openai"]),
        ({"BASE_URL": "h", "FOUNDRY_HOST": "h"}, ["foundry", "openai"]),
        (ALL, ["ollama", "foundry", "openai", "azure"]),
    ],
)
def test_ollama_is_the_default_where_it_is_set_else_the_first_of_the_others(
    settings: dict[str, str], names: list[str]
):
    assert Providers(settings).names == names


@pytest.mark.parametrize(
    ("settings", "models"),
    [
        ({"OLLAMA_HOST": "localhost"}, {"ollama": "llama3.1:8b"}),
        ({"OLLAMA_HOST": "localhost", "MODEL": "qwen3:4b"}, {"ollama": "qwen3:4b"}),
        (
            {**ALL, "MODEL": "phi-4-mini"},
            {"ollama": "llama3.1:8b", "foundry": "phi-4-mini", "openai": "phi-4-mini"},
        ),
        ({**ALL, "MODEL": "openai/gpt-4o"}, {"ollama": "llama3.1:8b", "foundry": "", "openai": "gpt-4o"}),
        ({**ALL, "MODEL": "x", "AZURE_OPENAI_DEPLOYMENT": "a, b"}, {"azure": "a"}),
    ],
)
def test_model_names_what_answers_first(settings: dict[str, str], models: dict[str, str]):
    providers = Providers(settings)
    assert {name: providers.get(name).default_model for name in models} == models


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("azure/gpt-4o", ("azure", "gpt-4o")),
        ("openai/meta-llama/llama-3.3-70b:free", ("openai", "meta-llama/llama-3.3-70b:free")),
        ("llama3.1:8b", ("ollama", "llama3.1:8b")),
        ("hf.co/bartowski/x", ("ollama", "hf.co/bartowski/x")),
        ("ollama/llama3.1:8b", ("ollama", "llama3.1:8b")),
    ],
)
def test_a_prefix_counts_only_where_it_is_configured(model: str, found: tuple[str, str]):
    assert Providers(ALL).split(model) == found
    assert Providers({"OLLAMA_HOST": "h"}).split("azure/gpt-4o") == ("ollama", "azure/gpt-4o")


LONG = "word " * 100
FALLBACK = {"CHAT_FALLBACK": "azure"}
TASKS = {"CHAT_TASKS": "research:azure,code_generation:local, chat:openai/gpt-4o"}


@pytest.mark.parametrize(
    ("settings", "args", "chosen", "prompt", "order"),
    [
        ({}, {}, "", "hi", ["ollama"]),
        ({}, {}, "", LONG, ["ollama"]),
        ({}, {}, "foundry/phi", "hi", ["foundry/phi"]),
        ({"CHAT_LONG_WORDS": "100"}, {}, "", LONG, ["ollama"]),
        (FALLBACK, {}, "", "hi", ["ollama", "azure"]),
        (FALLBACK, {}, "foundry/phi", "hi", ["foundry/phi", "azure"]),
        (FALLBACK, {}, "azure/x", "hi", ["azure/x"]),
        ({**FALLBACK, "CHAT_LONG_WORDS": "100"}, {}, "", LONG, ["azure", "ollama"]),
        ({**FALLBACK, "CHAT_LONG_WORDS": "101"}, {}, "", LONG, ["ollama", "azure"]),
        ({**FALLBACK, "CHAT_LONG_WORDS": "100"}, {}, "llama3.1:70b", LONG, ["ollama/llama3.1:70b", "azure"]),
        (TASKS, {"task": "research"}, "", "hi", ["azure"]),
        (TASKS, {"task": "code_generation"}, "", "hi", ["ollama"]),
        (TASKS, {"task": "chat"}, "", "hi", ["openai/gpt-4o"]),
        (TASKS, {"task": "unknown"}, "", "hi", ["ollama"]),
        (TASKS, {"task": 5}, "", "hi", ["ollama"]),
        (TASKS, {"task": "research"}, "foundry/phi", "hi", ["foundry/phi"]),
        ({**TASKS, **FALLBACK}, {"task": "research"}, "", "hi", ["azure", "ollama"]),
        (
            {"CHAT_FALLBACK": "local,azure/gpt-4o"},
            {},
            "openai/x",
            "hi",
            ["openai/x", "ollama", "azure/gpt-4o"],
        ),
        ({"CHAT_FALLBACK": " azure , foundry "}, {}, "", "hi", ["ollama", "azure", "foundry"]),
    ],
)
def test_who_is_asked_follows_from_the_settings(
    settings: dict[str, str], args: dict[str, Any], chosen: str, prompt: str, order: list[str]
):
    found = route(Providers(ALL), chosen, prompt, {**settings, **args})
    assert [candidate.title for candidate in found] == order


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"CHAT_FALLBACK": "azure"},
            "CHAT_FALLBACK names 'azure', which is not configured: known are ollama",
        ),
        ({"CHAT_FALLBACK": "ollama", "CHAT_LONG_WORDS": "many"}, "CHAT_LONG_WORDS is not a number"),
        ({"CHAT_FALLBACK": "ollama", "CHAT_LONG_WORDS": "9" * 400}, "CHAT_LONG_WORDS is not a number"),
    ],
)
def test_a_route_that_cannot_be_read_is_a_sentence(settings: dict[str, str], sentence: str):
    with pytest.raises(ModelError, match=sentence):
        route(Providers({"OLLAMA_HOST": "localhost"}), "", "hi", settings)


def test_a_task_that_goes_nowhere_is_a_sentence():
    with pytest.raises(ModelError, match="CHAT_TASKS names 'mars', which is not configured"):
        route(Providers(ALL), "", "hi", {"CHAT_TASKS": "x:mars", "task": "x"})


def test_without_a_setting_nothing_leaves_for_another_server():
    others = {name: value for name, value in ALL.items() if name != "OLLAMA_HOST"}
    for prompt in ("hi", LONG):
        for chosen in ("", "llama3.1:8b", "foundry/phi"):
            [only] = route(
                Providers({"OLLAMA_HOST": "localhost", **others}), chosen, prompt, {"task": "research"}
            )
            assert only in (
                Candidate("ollama", ""),
                Candidate("ollama", "llama3.1:8b"),
                Candidate("foundry", "phi"),
            )
