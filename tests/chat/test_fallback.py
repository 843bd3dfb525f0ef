"""Several model servers behind one chat: who answers when another cannot, and what the person reads."""

from __future__ import annotations

import importlib
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from scripted_ollama import Answer, ScriptedOllama, Stall
from stream_reader import streamed
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

DEADLINE_S = 20
CLOUD = streamed_answer("From the cloud.")
FILTER_400 = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management "
    "policy.",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
}
DAY = (
    "Requests have exceeded token rate limit of your current OpenAI S0 pricing tier. "
    "Please retry after 86400 seconds."
)
FOUNDRY_CONTEXT = event(
    {"error": {"message": "12 tokens exceeds the model's maximum context length of 8 tokens"}}
)
AZURE_401 = {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint."}
NO_DEPLOYMENT = {
    "code": "DeploymentNotFound",
    "message": "The API deployment for this resource does not exist.",
}


class Local(OpenAIServer):
    """A Foundry Local with one model, which is loaded."""

    def __init__(self, *answers: Said, routes: Mapping[str, Said] | None = None) -> None:
        super().__init__(*answers, routes={"/models/loaded": json_answer(["phi:1"]), **(routes or {})})


@pytest.fixture(params=["chat/stateless", "chat/assistant"])
def chat(request: pytest.FixtureRequest, load_action: Any, monkeypatch: Any) -> Callable[..., dict[str, Any]]:
    """Ask a chat of a process that remembers nothing yet."""
    for name in ("OLLAMA_HOST", "AUTH"):
        monkeypatch.delenv(name, raising=False)
    main = load_action(request.param).main
    importlib.import_module("mastro.chat.health")._resting.clear()

    def ask(settings: Mapping[str, str], **args: Any) -> dict[str, Any]:
        """Return the body, or the whole answer of an action that streamed."""
        found = main({"input": "hi", "metrics": True, **settings, **args})
        return found.get("body", found)

    return ask


@pytest.fixture
def closed_port() -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def azure(server: OpenAIServer, **more: str) -> dict[str, str]:
    return {
        "AZURE_OPENAI_ENDPOINT": server.url,
        "AZURE_OPENAI_API_KEY": "key-of-azure",
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        **more,
    }


def alone(redis: Any) -> dict[str, str]:
    """Return the settings of a Redis in which nobody else has found out who rests."""
    return {**redis.args, "REDIS_PREFIX": f"{secrets.token_hex(8)}:"}


def local_then_azure(local: str, cloud: OpenAIServer, **more: str) -> dict[str, str]:
    return {"FOUNDRY_HOST": local, "MODEL": "foundry/phi:1", "CHAT_FALLBACK": "azure", **azure(cloud), **more}


# What the local server does, and what the person reads in place of its answer.
SWITCHES = {
    "silence": (
        Said(200, EVENT_STREAM, then="silence"),
        "(foundry was silent for 0.3 s. azure/gpt-4o answers.)",
    ),
    "silence before the status": (
        Said(200, EVENT_STREAM, first_s=30),
        "(foundry was silent for 0.3 s. azure/gpt-4o answers.)",
    ),
    "comments only, for ever": (
        Said(200, EVENT_STREAM, forever=b": keep-alive\n\n"),
        "(foundry was silent for 0.3 s. azure/gpt-4o answers.)",
    ),
    "an error as first event of a 200": (
        stream(event({"error": {"message": "out of memory", "code": None}})),
        "(foundry stopped with an error: out of memory. azure/gpt-4o answers.)",
    ),
    "200 and no byte": (
        stream(),
        "(foundry ended the answer before it was whole. azure/gpt-4o answers.)",
    ),
    "a stream without any text": (
        stream(event(chunk({"role": "assistant", "content": ""})), event(chunk({}, "stop"))),
        "(foundry returned an empty answer. azure/gpt-4o answers.)",
    ),
    "a prompt over the context": (
        stream(FOUNDRY_CONTEXT),
        "(too long for foundry/phi:1: azure/gpt-4o answers.)",
    ),
    "a prompt over the context, as a 400": (
        refusal(400, "the request exceeds the available context size", type="exceed_context_size_error"),
        "(too long for foundry/phi:1: azure/gpt-4o answers.)",
    ),
    "429": (refusal(429, "slow down"), "(foundry is busy (429). azure/gpt-4o answers.)"),
    "503": (refusal(503, "loading"), "(foundry is busy (503). azure/gpt-4o answers.)"),
    "500 of a proxy": (
        json_answer("<html>oops</html>", 500),
        "(foundry refused (500). azure/gpt-4o answers.)",
    ),
    "401": (refusal(401, "who?"), "(foundry refused the credentials (401). azure/gpt-4o answers.)"),
    "a reset": (
        Said(200, EVENT_STREAM, then="reset"),
        "(foundry broke off in the middle of its answer. azure/gpt-4o answers.)",
    ),
    "a missing model": (
        refusal(404, "Model not found: No model matching 'phi:1'"),
        "does not have phi:1. azure/gpt-4o answers.)",
    ),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_the_next_one_answers_and_says_for_whom(chat: Any, name: str):
    said, sentence = SWITCHES[name]
    with Local(said) as local, OpenAIServer(CLOUD) as cloud:
        body = chat(local_then_azure(local.host, cloud, FALLBACK_AFTER="0.3"))
        assert sentence in body["output"]
        assert body["output"].endswith("\n\nFrom the cloud.")
        [asked] = body["metrics"]["asked"]
        assert (asked["provider"], body["metrics"]["provider"]) == ("foundry", "azure")
        assert "error" not in body


def test_a_server_that_refuses_the_connection_is_told_with_its_address(chat: Any, closed_port: str):
    with OpenAIServer(CLOUD) as cloud:
        output = chat(local_then_azure(closed_port, cloud))["output"]
    assert output == (
        f"(foundry at {closed_port} cannot be reached: connection refused. azure/gpt-4o answers.)\n\n"
        "From the cloud."
    )


def test_without_a_fallback_it_is_told_what_to_do(chat: Any, closed_port: str):
    with OpenAIServer(CLOUD) as cloud:
        body = chat(local_then_azure(closed_port, cloud, CHAT_FALLBACK=""))
        assert body["output"] == (
            f"Foundry Local at {closed_port} cannot be reached (connection refused): "
            "start it with `foundry server start`; its port changes at each start."
        )
        assert body["error"] == {"kind": "down", "message": body["output"], "retry_after_s": None}
        assert cloud.requests == []


# What no other server is asked after: the question itself is wrong, or there is text already.
STAYS = {
    "a request that is wrong": (
        refusal(400, "messages must not be empty", type="invalid_request_error"),
        "answered 400: messages must not be empty",
        "request",
    ),
    "a filter": (
        json_answer({"error": FILTER_400}, 400),
        "does not let this message pass: say it differently.",
        "filter",
    ),
    "broken off after text": (
        Said(200, EVENT_STREAM, [event(chunk({"content": "Rome "}))], then="reset"),
        "broke off in the middle of its answer: try again.",
        "down",
    ),
    "an error after text": (
        stream(event(chunk({"content": "Rome "})), event({"error": {"message": "gone"}})),
        "Foundry Local stopped with an error: gone.",
        "down",
    ),
    "an end after text that is none": (
        stream(event(chunk({"content": "Rome "}))),
        "ended the answer before it was whole: ask again.",
        "down",
    ),
    "a thought, then an error": (
        stream(event(chunk({"reasoning": "let me see"})), event({"error": {"message": "gone"}})),
        "Foundry Local stopped with an error: gone.",
        "down",
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_nobody_else_is_asked_after(chat: Any, name: str):
    said, sentence, kind = STAYS[name]
    with Local(said) as local, OpenAIServer(CLOUD) as cloud:
        body = chat(local_then_azure(local.host, cloud))
        assert sentence in body["output"]
        assert "cloud" not in body["output"]
        assert (body["error"]["kind"], cloud.requests) == (kind, [])


AZURE_FAILS = {
    "401": (
        json_answer({"error": AZURE_401}, 401),
        "Azure OpenAI refused the key (401): check AZURE_OPENAI_API_KEY and that AZURE_OPENAI_ENDPOINT is of "
        "the same resource.",
        "key",
    ),
    "DeploymentNotFound": (
        json_answer({"error": NO_DEPLOYMENT}, 404),
        "There is no deployment gpt-4o at {host}: AZURE_OPENAI_DEPLOYMENT wants the deployment's name, not "
        "the model's.",
        "missing",
    ),
    "404 of a wrong path": (
        json_answer({"error": {"code": "404", "message": "Resource not found"}}, 404),
        "Azure OpenAI answered 404: Resource not found. Try again, or type @ to choose another model.",
        "missing",
    ),
    "429 with Retry-After 7": (
        refusal(429, "slow down", {"Retry-After": "7"}),
        'Azure OpenAI is busy (429): try again in 7 s (it says: "slow down").',
        "busy",
    ),
    "429 with a day": (
        refusal(429, DAY, {"Retry-After": "86400"}, code="429"),
        "The quota of Azure OpenAI is used up: raise it, or choose another model with @.",
        "busy",
    ),
    "insufficient_quota": (
        refusal(429, "You exceeded your current quota", code="insufficient_quota"),
        "The quota of Azure OpenAI is used up: raise it, or choose another model with @.",
        "busy",
    ),
    "the filter": (
        json_answer({"error": FILTER_400}, 400),
        "Azure's content filter does not let this message pass: say it differently.",
        "filter",
    ),
    "context": (
        refusal(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
        "The message and what was said before are too long for gpt-4o: start a new chat or choose another "
        "model.",
        "context",
    ),
}


@pytest.mark.parametrize("name", AZURE_FAILS)
def test_what_azure_refuses_is_told_with_what_to_do(chat: Any, name: str):
    said, sentence, kind = AZURE_FAILS[name]
    with OpenAIServer(said) as cloud:
        body = chat(azure(cloud))
        assert body["output"] == sentence.format(host=cloud.host)
        assert body["error"]["kind"] == kind


@pytest.mark.parametrize("name", ["401", "DeploymentNotFound", "429 with Retry-After 7"])
def test_when_both_fail_both_are_told_the_local_one_first(chat: Any, closed_port: str, name: str):
    said, sentence, _ = AZURE_FAILS[name]
    with OpenAIServer(said) as cloud:
        output = chat(local_then_azure(closed_port, cloud))["output"]
        assert output.startswith(f"Foundry Local at {closed_port} cannot be reached")
        assert output.endswith(sentence.format(host=cloud.host))


@pytest.mark.parametrize(
    ("finish", "note"),
    [
        ("length", "(The answer is cut at its length limit: ask it to go on.)"),
        ("content_filter", "(The content filter cut the answer here.)"),
    ],
)
def test_an_answer_that_was_cut_says_by_what(chat: Any, finish: str, note: str):
    with OpenAIServer(streamed_answer("Rome is", finish=finish)) as cloud:
        assert chat(azure(cloud))["output"] == f"Rome is\n\n{note}"


def test_who_could_not_answer_is_not_asked_again_at_once(chat: Any, closed_port: str):
    with OpenAIServer(CLOUD) as cloud, Local(streamed_answer("From here.")) as local:
        dead = local_then_azure(closed_port, cloud)
        first = chat(dead)["output"]
        alive_again = {**dead, "FOUNDRY_HOST": local.host}
        assert chat(alive_again)["output"] == first
        assert local.requests == []
        assert len(cloud.questions) == 2


def test_who_rests_is_asked_when_nobody_else_answers(chat: Any, closed_port: str):
    with OpenAIServer(CLOUD, refusal(503, "no")) as cloud, Local(streamed_answer("From here.")) as local:
        dead = local_then_azure(closed_port, cloud)
        chat(dead)
        body = chat({**dead, "FOUNDRY_HOST": local.host})
        assert body["output"].endswith("From here.")
        assert body["metrics"]["provider"] == "foundry"


def test_another_process_knows_through_redis_who_rests(chat: Any, closed_port: str, redis_server: Any):
    with OpenAIServer(CLOUD) as cloud, Local(streamed_answer("From here.")) as local:
        settings = {**local_then_azure(closed_port, cloud), **alone(redis_server)}
        first = chat(settings)["output"]
        importlib.import_module("mastro.chat.health")._resting.clear()
        assert chat({**settings, "FOUNDRY_HOST": local.host})["output"] == first
        assert local.requests == []


RESTS_S = {
    "503": (refusal(503, "loading"), range(25, 31)),
    "429 without a word": (refusal(429, "busy"), range(25, 31)),
    "429 with Retry-After 100": (refusal(429, "busy", {"retry-after": "100"}), range(95, 101)),
    "429 with retry-after-ms": (refusal(429, "busy", {"retry-after-ms": "90000"}), range(85, 91)),
    "429 with a day": (refusal(429, "busy", {"retry-after": "86400"}), range(295, 301)),
    "401": (refusal(401, "who?"), range(295, 301)),
    "a missing model": (refusal(404, "no such model", code="model_not_found"), range(295, 301)),
    "too long": (refusal(400, "too long", code="context_length_exceeded"), range(-2, -1)),
}


@pytest.mark.parametrize("name", RESTS_S)
def test_who_could_not_answer_rests_as_long_as_its_failure_asks_for(chat: Any, redis_server: Any, name: str):
    said, seconds = RESTS_S[name]
    redis = alone(redis_server)
    with Local(said) as local, OpenAIServer(CLOUD) as cloud:
        assert chat({**local_then_azure(local.host, cloud), **redis})["output"].endswith("From the cloud.")
    with importlib.import_module("mastro.redis_store").redis_store(redis) as store:
        # Redis answers -2 for a key that is not there.
        assert store.do("TTL", f"{redis['REDIS_PREFIX']}health:foundry") in seconds


def test_who_answers_again_rests_no_longer(chat: Any, closed_port: str, redis_server: Any):
    redis = alone(redis_server)
    with OpenAIServer(CLOUD, refusal(503, "no")) as cloud, Local(streamed_answer("From here.")) as local:
        settings = {**local_then_azure(closed_port, cloud), **redis}
        chat(settings)
        chat({**settings, "FOUNDRY_HOST": local.host})
    with importlib.import_module("mastro.redis_store").redis_store(redis) as store:
        assert store.do("EXISTS", f"{redis['REDIS_PREFIX']}health:foundry") == 0


def test_without_a_redis_that_answers_the_fallback_still_works(chat: Any, closed_port: str):
    with OpenAIServer(CLOUD) as cloud:
        settings = local_then_azure(closed_port, cloud, REDIS_URL="redis://127.0.0.1:1")
        assert chat(settings)["output"].endswith("From the cloud.")


def test_a_stop_never_wakes_the_next_provider(chat: Any, streamer: Streamock, redis_server: Any):
    request = secrets.token_urlsafe()
    with Local(Said(200, EVENT_STREAM, then="silence")) as local, OpenAIServer(CLOUD) as cloud:
        redis = alone(redis_server)
        settings = {**local_then_azure(local.host, cloud), **redis}
        with ThreadPoolExecutor() as callers:
            asked = callers.submit(chat, settings, request=request, **streamer.args)
            local.wait_requests(1)
            chat(redis, stop=request)
            asked.result(DEADLINE_S)
        assert [received.closed.wait(DEADLINE_S) for received in local.questions] == [True]
        assert cloud.requests == []


def test_a_reader_who_leaves_never_wakes_the_next_provider(chat: Any, streamer: Streamock):
    with Local(Said(200, EVENT_STREAM, then="silence")) as local, OpenAIServer(CLOUD) as cloud:
        with ThreadPoolExecutor() as callers:
            asked = callers.submit(chat, local_then_azure(local.host, cloud), **streamer.args)
            local.wait_requests(1)
            streamer.hang_up()
            asked.result(DEADLINE_S)
        assert cloud.requests == []


def test_the_person_keeps_the_model_of_their_choice(chat: Any, closed_port: str):
    with OpenAIServer(CLOUD) as cloud:
        assert (
            chat(local_then_azure(closed_port, cloud), state="foundry/phi:1")["state"].split(" ")[-1]
            == "foundry/phi:1"
        )


def test_a_chosen_model_is_asked_by_its_own_name(chat: Any):
    with OpenAIServer(CLOUD) as cloud, ScriptedOllama("From here.") as ollama:
        settings = {"OLLAMA_HOST": ollama.host, **azure(cloud)}
        assert chat(settings, state="azure/my-other")["output"] == "From the cloud."
        assert cloud.questions[-1].body["model"] == "my-other"
        assert chat(settings)["output"] == "From here."
        assert len(cloud.questions) == 1


def test_a_message_leaves_for_the_cloud_by_a_setting_only(chat: Any):
    stalled = Answer("x", faults=(Stall(seconds=0.5),))
    with OpenAIServer(CLOUD) as cloud, ScriptedOllama(stalled) as ollama:
        for prompt in ("hi", "word " * 200):
            for more in ({}, {"CHAT_LONG_WORDS": "10"}, {"FALLBACK_AFTER": "0.1"}):
                chat({"OLLAMA_HOST": ollama.host, **azure(cloud), **more}, input=prompt, task="research")
        assert cloud.requests == []


def test_a_member_that_the_server_does_not_take_is_left_out_once(load_action: Any, monkeypatch: Any):
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    main = load_action("chat/assistant").main
    no_max_tokens = refusal(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        type="invalid_request_error",
        param="max_tokens",
        code="unsupported_parameter",
    )
    options = {"max_tokens": 9, "temperature": 0.5, "top_k": 3}
    with OpenAIServer(no_max_tokens, CLOUD) as cloud:
        body = main({"input": "hi", "metrics": True, "options": options, **azure(cloud)})["body"]
        first, second = (received.body for received in cloud.questions)
    assert body["output"] == "From the cloud."
    assert (first["max_tokens"], second.get("max_tokens")) == (9, None)
    assert (second["max_completion_tokens"], second["temperature"]) == (9, 0.5)
    assert body["metrics"]["ignored"] == ["top_k"]


def test_a_server_that_takes_nothing_is_asked_twice_at_most(chat: Any):
    stubborn = refusal(
        400, "Unrecognized request argument supplied: stream_options", type="invalid_request_error"
    )
    with OpenAIServer(stubborn) as cloud:
        body = chat(azure(cloud))
        assert "Unrecognized request argument" in body["output"]
        assert ["stream_options" in received.body for received in cloud.questions] == [True, False]


def test_figures_name_who_answered(chat: Any, streamer: Streamock):
    with OpenAIServer(CLOUD) as cloud:
        body = streamed(chat(azure(cloud), **streamer.args), streamer)
    figures = body["metrics"]
    assert (figures["provider"], figures["tokens"], figures["done_reason"]) == ("azure", 3, "stop")
    assert "asked" not in figures


def test_an_error_of_a_streamed_reply_is_in_its_last_member(chat: Any, streamer: Streamock, closed_port: str):
    settings = {"FOUNDRY_HOST": closed_port, "MODEL": "phi"}
    chat(settings, **streamer.args)
    assert streamer.frames()[-1]["error"]["kind"] == "down"
