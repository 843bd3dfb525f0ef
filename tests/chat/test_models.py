"""Choosing the model by typing."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from scripted_ollama import MODELS, Script, ScriptedOllama, Status

CHATS = ["chat/stateless", "chat/assistant"]


@pytest.fixture(params=CHATS)
def chat(request: pytest.FixtureRequest, load_action: Any) -> Any:
    main = load_action(request.param).main
    return lambda ollama, **args: main({"OLLAMA_HOST": ollama.host, **args})["body"]


@pytest.mark.parametrize(
    ("word", "model"),
    [("llama", "llama3.1:8b"), ("deepseek", "deepseek-r1:32b"), (" Deepseek ", "deepseek-r1:32b")],
)
def test_a_shortcut_chooses_a_model_and_asks_who_it_is(
    chat: Any, ollama: ScriptedOllama, word: str, model: str
):
    body = chat(ollama, input=word, state="other:1b")
    asked = ollama.requests[-1].body
    assert (body["output"], body["state"], asked["model"]) == ("I am a scripted model.", model, model)


def test_the_choice_travels_in_the_state_and_nowhere_else(chat: Any, ollama: ScriptedOllama):
    state = chat(ollama, input="deepseek")["state"]
    chat(ollama, input="hello", state=state)
    assert ollama.requests[-1].body["model"] == "deepseek-r1:32b"
    chat(ollama, input="hello")
    assert ollama.requests[-1].body["model"] == "llama3.1:8b"


@pytest.mark.parametrize("state", ["", None, 5, ["x"], {"a": 1}, "x" * 300, "../<>", "a b"])
def test_a_state_that_names_no_model_is_none(chat: Any, ollama: ScriptedOllama, state: Any):
    chat(ollama, input="hello", state=state)
    assert ollama.requests[-1].body["model"] in ("llama3.1:8b", "b")


def test_an_at_sign_lists_the_models_of_the_server(chat: Any, ollama: ScriptedOllama):
    body = chat(ollama, input="@", state="deepseek-r1:32b")
    assert "- llama3.1:8b\n- deepseek-r1:32b (answers now)\n" in body["output"]
    assert body["state"] == "deepseek-r1:32b"
    assert [request.path for request in ollama.requests] == ["/api/tags"]


def test_a_client_that_asks_for_data_gets_the_list_as_data(chat: Any, ollama: ScriptedOllama):
    assert chat(ollama, input="@", metrics=True)["models"] == ["llama3.1:8b", "deepseek-r1:32b"]
    assert "models" not in chat(ollama, input="@")


@pytest.mark.parametrize(("word", "model"), [("@deep", "deepseek-r1:32b"), ("@llama3.1:8b", "llama3.1:8b")])
def test_a_prefix_chooses_a_model_of_the_server(chat: Any, ollama: ScriptedOllama, word: str, model: str):
    body = chat(ollama, input=word)
    assert (body["output"], body["state"]) == (f"{model} answers from now on.", model)


def test_the_whole_name_is_preferred_to_a_longer_one(chat: Any):
    with ScriptedOllama(Script("x", models=["qwen:14b", "qwen:1"])) as server:
        assert chat(server, input="@qwen:1")["state"] == "qwen:1"


def test_a_prefix_of_nothing_keeps_the_model_and_shows_the_list(chat: Any, ollama: ScriptedOllama):
    body = chat(ollama, input="@gpt")
    assert body["output"].startswith("No model has a name that begins with gpt.")
    assert "- llama3.1:8b" in body["output"]
    assert body["state"] == "llama3.1:8b"


def test_an_at_sign_in_a_sentence_is_a_sentence(chat: Any, ollama: ScriptedOllama):
    assert chat(ollama, input="@ada what is this")["output"] == "You said: @ada what is this"


def test_a_server_without_models_says_how_to_get_one(chat: Any):
    with ScriptedOllama(Script("x", models=[])) as server:
        assert "`ollama pull llama3.1:8b`" in chat(server, input="@")["output"]


@pytest.mark.parametrize("answer", [{"models": 5}, {}, {"models": None}, "<html>"])
def test_a_server_that_lists_nothing_understandable_is_a_sentence(chat: Any, answer: Any):
    with ScriptedOllama(Script("x", models=MODELS, routes={"/api/tags": [Status(200, answer)]})) as server:
        assert (
            "check OLLAMA_HOST" in chat(server, input="@")["output"]
            or "JSON" in chat(server, input="@")["output"]
        )


@pytest.mark.parametrize("answer", [{"models": [5, {"name": 7}, {"name": "<script>"}, {"name": "good:1b"}]}])
def test_a_strange_entry_is_left_out(chat: Any, answer: Any):
    with ScriptedOllama(Script("x", models=MODELS, routes={"/api/tags": [Status(200, answer)]})) as server:
        assert chat(server, input="@good")["state"] == "good:1b"


@pytest.mark.parametrize("name", CHATS)
def test_no_module_of_an_action_changes_a_global(load_action: Any, ollama: ScriptedOllama, name: str):
    load_action(name).main({"OLLAMA_HOST": ollama.host, "input": "deepseek"})
    assert sys.modules["mastro.chat.models"].DEFAULT_MODEL == "llama3.1:8b"
