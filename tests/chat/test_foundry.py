"""Foundry Local: models by alias, loaded when they are asked for, of three generations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.scripted.openai_server import (
    EVENT_STREAM,
    OpenAIServer,
    Said,
    json_answer,
    refusal,
    streamed_answer,
)

ALIAS, EXACT = "phi-4-mini", "Phi-4-mini-instruct-generic-gpu:5"
NO_ALIAS = refusal(404, f"Model not found: No model matching '{ALIAS}'")
NOT_LOADED = refusal(400, f"Model not loaded: {EXACT}", type="invalid_request_error")
ANSWER = streamed_answer("Rome.")
NO_ROUTE = Said(404, {"content-type": "text/plain"}, [b"No mapping for HTTP-method: 'GET', URL: '/x'"])
LOADS = {f"/models/load/{ALIAS}": json_answer({"status": "loaded"}), "/models/loaded": json_answer([EXACT])}


@pytest.fixture(params=["chat/stateless", "chat/assistant"])
def chat(request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any) -> Callable[..., dict[str, Any]]:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action(request.param).main

    def ask(server: OpenAIServer, **args: Any) -> dict[str, Any]:
        return main({"FOUNDRY_HOST": server.host, "MODEL": ALIAS, "input": "hi", "metrics": True, **args})[
            "body"
        ]

    return ask


@pytest.mark.parametrize("refused", [NO_ALIAS, NOT_LOADED])
def test_a_model_that_is_not_loaded_is_loaded_once_and_asked_by_its_exact_name(chat: Any, refused: Said):
    with OpenAIServer(refused, ANSWER, routes=LOADS) as server:
        assert chat(server)["output"] == "Rome."
        asked = [(received.method, received.path) for received in server.requests]
        assert asked == [
            ("POST", "/v1/chat/completions"),
            ("GET", f"/models/load/{ALIAS}"),
            ("GET", "/models/loaded"),
            ("POST", "/v1/chat/completions"),
        ]
        assert [received.body["model"] for received in server.questions] == [ALIAS, EXACT]


def test_a_model_that_is_not_on_the_machine_is_a_sentence(chat: Any):
    routes = {f"/models/load/{ALIAS}": refusal(400, f"Model not cached: {ALIAS}")}
    with OpenAIServer(NO_ALIAS, routes=routes) as server:
        body = chat(server)
        assert body["output"] == (
            f"The model {ALIAS} is not on Foundry Local: `foundry model download {ALIAS}`, or type @."
        )
        assert body["error"]["kind"] == "missing"
        assert len(server.questions) == 1


def test_a_model_that_loads_and_is_refused_all_the_same_is_not_asked_for_ever(chat: Any):
    with OpenAIServer(NO_ALIAS, routes=LOADS) as server:
        assert "is not on Foundry Local" in chat(server)["output"]
        assert len(server.questions) == 2


@pytest.mark.parametrize(
    "routes",
    [
        {"/models/loaded": json_answer([EXACT, "qwen2.5-0.5b-instruct-generic-cpu:4"])},
        {
            "/models/loaded": NO_ROUTE,
            "/openai/loadedmodels": json_answer([EXACT, "qwen2.5-0.5b-instruct-generic-cpu:4"]),
        },
    ],
)
def test_the_list_holds_what_is_loaded_of_each_generation(chat: Any, routes: dict[str, Said]):
    with OpenAIServer(routes=routes) as server:
        body = chat(server, input="@")
        assert body["models"] == [EXACT, "qwen2.5-0.5b-instruct-generic-cpu:4"]
        assert f"- {EXACT}" in body["output"]
        assert server.questions == []


def test_the_list_holds_the_model_of_the_setting_though_it_is_not_loaded(chat: Any):
    with OpenAIServer(routes={"/models/loaded": json_answer([])}) as server:
        assert chat(server, input="@")["models"] == [ALIAS]


def test_without_a_setting_what_is_loaded_answers(chat: Any):
    with OpenAIServer(ANSWER, routes={"/models/loaded": json_answer([EXACT])}) as server:
        assert chat(server, MODEL="")["output"] == "Rome."
        assert server.questions[0].body["model"] == EXACT


def test_without_a_setting_and_without_a_model_it_says_so(chat: Any):
    with OpenAIServer(ANSWER, routes={"/models/loaded": json_answer([])}) as server:
        output = chat(server, MODEL="")["output"]
        assert output == "No model is chosen for Foundry Local: set MODEL, or type @ to choose one."


def test_an_option_travels_in_foundrys_own_words(load_action: Any, monkeypatch: Any):
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action("chat/assistant").main
    with OpenAIServer(ANSWER) as server:
        options = {"top_k": 40, "min_p": 0.1, "max_tokens": 5}
        args = {
            "FOUNDRY_HOST": server.host,
            "MODEL": EXACT,
            "input": "hi",
            "metrics": True,
            "options": options,
        }
        body = main(args)["body"]
        asked = server.questions[0].body
    assert (asked["metadata"], asked["max_tokens"]) == ({"top_k": "40"}, 5)
    assert body["metrics"]["ignored"] == ["min_p"]


def test_nothing_that_a_person_types_becomes_a_path(chat: Any):
    with OpenAIServer(NO_ALIAS, routes={}) as server:
        chat(server, state="../shutdown")
        paths = {received.path for received in server.requests}
        assert paths == {"/v1/chat/completions", "/models/load/..%2Fshutdown"}


def test_a_failure_of_the_engine_in_a_200_is_told_as_foundrys(chat: Any):
    said = Said(200, EVENT_STREAM, [b'data: {"error": {"message": "Out of memory", "code": null}}\n\n'])
    with OpenAIServer(said) as server:
        assert chat(server)["output"].startswith("Foundry Local stopped with an error: Out of memory.")
