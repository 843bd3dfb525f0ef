"""`@` and the greeting with several model servers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted_ollama import MODELS, Script, ScriptedOllama

from tests.scripted.openai_server import OpenAIServer, Said, json_answer, streamed_answer

ANSWER = streamed_answer("Rome.")


def models(*names: str) -> dict[str, Said]:
    entries = [{"id": name, "object": "model", "created": 1, "owned_by": "me"} for name in names]
    return {"/v1/models": json_answer({"object": "list", "data": entries})}


@pytest.fixture(params=["chat/stateless", "chat/assistant"])
def chat(request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any) -> Callable[..., dict[str, Any]]:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action(request.param).main
    return lambda **args: main({"input": "@", "metrics": True, **args})["body"]


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    with ScriptedOllama(Script("From here.", models=MODELS)) as server:
        yield server


def test_the_models_of_all_servers_are_listed_by_server(chat: Any, ollama: ScriptedOllama):
    with OpenAIServer(ANSWER, routes=models("gpt-4o", "o3")) as server:
        body = chat(OLLAMA_HOST=ollama.host, BASE_URL=server.url)
    assert body["models"] == ["ollama/llama3.1:8b", "ollama/deepseek-r1:32b", "openai/gpt-4o", "openai/o3"]
    assert body["output"] == (
        "These models can be chosen:\n\n"
        f"Ollama at {ollama.host}:\n\n- ollama/llama3.1:8b (answers now)\n- ollama/deepseek-r1:32b\n\n"
        f"OpenAI-compatible server at {server.host}:\n\n- openai/gpt-4o\n- openai/o3\n\n"
        "Type @ and how a name begins to choose it."
    )
    first, second = body["providers"]
    assert (first["name"], first["is_local"], first["fault"]) == ("ollama", True, None)
    assert (second["name"], second["count"]) == ("openai", 2)


def test_a_dead_server_is_one_line_with_its_reason_and_costs_no_list(chat: Any, ollama: ScriptedOllama):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host = f"127.0.0.1:{deaf.getsockname()[1]}"
        body = chat(OLLAMA_HOST=ollama.host, BASE_URL=f"http://{host}", FOUNDRY_HOST="127.0.0.1:1")
    assert body["models"] == ["ollama/llama3.1:8b", "ollama/deepseek-r1:32b"]
    lines = body["output"].splitlines()
    [foundry] = [line for line in lines if line.startswith("Foundry Local at 127.0.0.1:1: ")]
    assert "cannot be reached (connection refused): start it with `foundry server start`" in foundry
    [silent] = [line for line in lines if line.startswith(f"OpenAI-compatible server at {host}: ")]
    assert "2 s" in silent


def test_a_setting_that_cannot_be_read_is_the_fault_of_its_server_alone(chat: Any, ollama: ScriptedOllama):
    body = chat(OLLAMA_HOST=ollama.host, BASE_URL="http://far.example", API_KEY="s3cr3t")
    assert "API_KEY is not sent to far.example over plain http" in body["output"]
    assert "s3cr3t" not in str(body)
    assert len(body["models"]) == 2


def test_of_hundreds_twenty_are_shown(chat: Any):
    with OpenAIServer(ANSWER, routes=models(*(f"model-{number}" for number in range(300)))) as server:
        body = chat(BASE_URL=server.url, MODEL="model-7")
        assert "- model-19\n- and 280 more\n" in body["output"]
        assert len(body["models"]) == 300
        assert chat(BASE_URL=server.url, input="@model-250")["state"].split(" ")[-1] == "model-250"


def test_azure_lists_what_its_settings_name_and_is_not_asked(chat: Any):
    with OpenAIServer(ANSWER) as server:
        settings = {"AZURE_OPENAI_ENDPOINT": server.url, "AZURE_OPENAI_DEPLOYMENT": "gpt-4o,o3"}
        body = chat(**settings)
        assert (body["models"], server.requests) == (["gpt-4o", "o3"], [])


@pytest.mark.parametrize("typed", ["@openai/o3", "@o3", "@openai/o"])
def test_a_model_is_chosen_with_its_servers_name_or_without(chat: Any, ollama: ScriptedOllama, typed: str):
    with OpenAIServer(ANSWER, routes=models("gpt-4o", "o3")) as server:
        body = chat(OLLAMA_HOST=ollama.host, BASE_URL=server.url, input=typed)
        assert body["output"] == "openai/o3 answers from now on."
        assert body["state"].split(" ")[-1] == "openai/o3"


@pytest.mark.parametrize(
    ("word", "names", "state"),
    [
        ("llama", ["gpt-4o", "meta-llama/Llama-3.3-70B-Instruct"], "meta-llama/Llama-3.3-70B-Instruct"),
        ("deepseek", ["deepseek-chat"], "deepseek-chat"),
    ],
)
def test_a_shortcut_takes_the_first_model_that_holds_the_word(
    chat: Any, word: str, names: list[str], state: str
):
    with OpenAIServer(ANSWER, routes=models(*names)) as server:
        body = chat(BASE_URL=server.url, MODEL="x", input=word)
        assert (body["output"], body["state"].split(" ")[-1]) == ("Rome.", state)
        assert server.questions[0].body["messages"][-1]["content"] == "Who are you?"


def test_a_shortcut_without_such_a_model_says_so_with_the_list(chat: Any):
    with OpenAIServer(ANSWER, routes=models("gpt-4o")) as server:
        output = chat(BASE_URL=server.url, input="deepseek")["output"]
        assert output.startswith("No model has deepseek in its name.\n\nThe server has these models:")
        assert server.questions == []


def test_with_ollama_a_shortcut_is_ollamas(chat: Any, ollama: ScriptedOllama):
    with OpenAIServer(ANSWER, routes=models("llama-of-others")) as server:
        body = chat(OLLAMA_HOST=ollama.host, BASE_URL=server.url, input="deepseek")
        assert body["state"].split(" ")[-1] == "ollama/deepseek-r1:32b"
        assert server.requests == []


GREETINGS = {
    "a server with the model": ({"MODEL": "gpt-4o"}, "You are talking to gpt-4o. Type a message, or @"),
    "a server without a setting": ({}, "Type a message to ask whatever runs at"),
}


@pytest.mark.parametrize("name", GREETINGS)
def test_the_greeting_names_who_answers_and_asks_nothing_of_a_model(chat: Any, name: str):
    settings, begin = GREETINGS[name]
    with OpenAIServer(ANSWER, routes=models("gpt-4o")) as server:
        assert chat(BASE_URL=server.url, input="", **settings)["output"].startswith(begin)
        assert server.questions == []


def test_the_greeting_of_a_dead_server_says_who_answers_until_it_is_back(chat: Any):
    with OpenAIServer(ANSWER) as server:
        azure = {"AZURE_OPENAI_ENDPOINT": server.url, "AZURE_OPENAI_DEPLOYMENT": "gpt-4o"}
        output = chat(FOUNDRY_HOST="127.0.0.1:1", MODEL="phi", CHAT_FALLBACK="azure", input="", **azure)[
            "output"
        ]
    assert output.startswith("Foundry Local at 127.0.0.1:1 cannot be reached")
    assert output.endswith(" Until then azure answers.")
