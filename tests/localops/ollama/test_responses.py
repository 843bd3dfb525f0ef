"""/v1/responses, on the wire and with the `openai` client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from scripted_ollama import Answer, Fails, Script, ScriptedOllama

from localops.ollama.model import Model

ITALY = "What is the capital of Italy?"
TURN: dict[str, Any] = {"role": "user", "content": ITALY}
COLD: dict[str, Any] = {"temperature": 0}
OPENING = ["response.created", "response.in_progress"]
MESSAGE = ["response.output_item.added", "response.content_part.added", "response.output_text.delta"]
CLOSING = [
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
THOUGHT = [
    "response.output_item.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.output_item.done",
]
BAD = "invalid_request_error"


@pytest.fixture
def client(server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def thinker() -> Iterator[ScriptedOllama]:
    model = Model("thinker:latest", capabilities=("completion", "thinking"))
    with ScriptedOllama(Script(Answer("Rome.", thinking="Italy is a country."), models=[model])) as ollama:
        yield ollama


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    *events, rest = answer.text.split("\n\n")
    assert rest == ""
    read: list[dict[str, Any]] = []
    for event in events:
        name, data = event.split("\n")
        read.append(json.loads(data.removeprefix("data: ")))
        assert name == "event: " + read[-1]["type"]
    assert [event["sequence_number"] for event in read] == list(range(len(read)))
    return read


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """Return the kinds of events in their order; several deltas in a row are one."""
    names = [event["type"] for event in events]
    return [name for place, name in enumerate(names) if name != names[place - 1] or "delta" not in name]


def test_the_openai_client_gets_a_response(server, client: openai.OpenAI):
    response = client.responses.create(model=server.model, input=ITALY, **COLD)
    usage: Any = response.usage
    assert "Rome" in response.output_text
    assert (response.status, response.error, response.model) == ("completed", None, server.model)
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


def test_the_openai_client_streams_a_response(server, client: openai.OpenAI):
    events = list(client.responses.create(model=server.model, input=ITALY, stream=True, **COLD))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    last = events[-1]
    assert last.type == "response.completed"
    assert len(deltas) > 2
    assert "".join(deltas) == last.response.output_text
    assert "Rome" in last.response.output_text


def test_the_openai_clients_own_stream_gathers_the_same(server, client: openai.OpenAI):
    with client.responses.stream(model=server.model, input=ITALY, **COLD) as stream:
        events = list(stream)
        assert stream.get_final_response().output_text == events[-1].response.output_text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "asked",
    [
        ITALY,
        [TURN],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": ITALY}]}],
        [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Hello!"}]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "file_id": "f"},
                    *[{"type": "input_text", "text": ITALY}],
                ],
            },
        ],
    ],
)
def test_what_is_asked_is_a_text_or_a_conversation(server, asked: object):
    answer = server.post("/v1/responses", model=server.model, input=asked, instructions="Be brief.", **COLD)
    assert "Rome" in answer.json()["output"][0]["content"][0]["text"]
    assert answer.json()["instructions"] == "Be brief."


def test_the_events_of_a_stream_come_in_openais_order(server):
    events = events_of(server.post("/v1/responses", model=server.model, input=ITALY, stream=True, **COLD))
    done = events[-2]["item"]
    assert kinds(events) == [*OPENING, *MESSAGE, *CLOSING]
    assert events[-1]["response"]["output"] == [done]
    assert {event["item_id"] for event in events if "item_id" in event} == {done["id"]}
    assert {event["response"]["id"] for event in events if "response" in event} == {
        events[0]["response"]["id"]
    }


def test_what_a_model_thinks_is_an_item_before_what_it_says(thinker: ScriptedOllama):
    asked = {"model": "thinker", "input": ITALY, "reasoning": {"effort": "low"}}
    events = events_of(httpx.post(thinker.url + "/v1/responses", json={**asked, "stream": True}))
    whole = httpx.post(thinker.url + "/v1/responses", json=asked).json()
    assert kinds(events) == [*OPENING, *THOUGHT, *MESSAGE, *CLOSING]
    for response in (whole, events[-1]["response"]):
        reasoning, message = response["output"]
        assert reasoning["summary"] == [{"type": "summary_text", "text": "Italy is a country."}]
        assert message["content"][0]["text"] == "Rome."
        assert response["reasoning"] == {"effort": "low", "summary": None}


def test_reasoning_that_is_sent_back_belongs_to_the_assistants_next_turn(thinker: ScriptedOllama):
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "Hm."}
    turns = [TURN, thought, {"role": "assistant", "content": "Rome."}, {"role": "user", "content": "Sure?"}]
    for conversation in (turns, turns[:2]):
        answer = httpx.post(thinker.url + "/v1/responses", json={"model": "thinker", "input": conversation})
        assert answer.json()["output"][1]["content"][0]["text"] == "Rome."


def test_the_answer_follows_a_schema_and_says_which(builtin):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    wanted = {"type": "json_schema", "name": "yes", "schema": schema, "strict": True}
    answer = builtin.post(
        "/v1/responses", model=builtin.model, input="Is Rome in Italy?", text={"format": wanted}, **COLD
    ).json()
    assert type(json.loads(answer["output"][0]["content"][0]["text"])["ok"]) is bool
    assert answer["text"] == {"format": wanted}


def test_a_limit_ends_the_answer_and_is_repeated(server):
    answer = server.post("/v1/responses", model=server.model, input=ITALY, max_output_tokens=2).json()
    assert answer["usage"]["output_tokens"] <= 2
    assert (answer["max_output_tokens"], answer["status"]) == (2, "completed")


@pytest.mark.parametrize("asked", [{}, {"input": ""}, {"input": []}, {"input": None}])
def test_nothing_asked_loads_the_model_and_is_an_empty_response(server, asked: dict[str, Any]):
    whole = server.post("/v1/responses", model=server.model, **asked).json()
    events = events_of(server.post("/v1/responses", model=server.model, stream=True, **asked))
    assert whole["output"][0]["content"][0]["text"] == ""
    assert kinds(events) == [*OPENING, "response.completed"]
    assert events[-1]["response"]["output"] == []


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_before_the_first_word_has_its_status_and_a_later_one_is_lost(after: int):
    with ScriptedOllama() as ollama:
        ollama.say(Answer("one two three four", faults=[Fails(after=after, message="out of memory")]))
        asked = {"model": "llama3.1:8b", "input": "x", "stream": True}
        answer = httpx.post(ollama.url + "/v1/responses", json=asked)
    if after:
        assert kinds(events_of(answer)) == [*OPENING, *MESSAGE]
    else:
        assert answer.status_code == 500
        assert answer.json()["error"]["message"] == "out of memory"


@pytest.mark.parametrize(
    ("body", "status", "kind", "text"),
    [
        ({"model": "nix"}, 404, "not_found_error", "model 'nix' not found"),
        ({"model": ""}, 400, BAD, "model is required"),
        ({"input": 5}, 400, BAD, "input must be a string or array: it is of type number"),
        ({"input": [5]}, 400, BAD, "input[0]: json: cannot unmarshal number into Go value of a struct"),
        ({"input": [{}]}, 400, BAD, "input[0]: input item missing required 'type' field"),
        ({"input": [TURN, {"type": "x"}]}, 400, BAD, 'input[1]: unknown input item type: "x"'),
        (
            {"input": [{"role": "user", "content": [{"type": "x"}]}]},
            400,
            BAD,
            "input[0]: content[0]: unknown content type: x",
        ),
        (
            {"input": [{"role": "user", "content": 5}]},
            400,
            BAD,
            "input[0]: content must be a string or array: it is of type number",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            400,
            BAD,
            "file inputs are not currently supported",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}]},
            400,
            BAD,
            '"{model}" does not support vision',
        ),
        ({"input": [{"type": "function_call"}]}, 400, BAD, '"{model}" does not support tools'),
        ({"tools": [{"type": "web_search"}]}, 400, BAD, '"{model}" does not support tools'),
        ({"reasoning": {"effort": "low"}}, 400, BAD, '"{model}" does not support thinking'),
    ],
)
def test_what_it_cannot_do_it_says_in_openais_form(
    server, body: dict[str, Any], status: int, kind: str, text: str
):
    answer = server.http.post("/v1/responses", json={"model": server.model, "input": "x", **body})
    words = text.replace("{model}", server.model)
    error = {"message": words, "type": kind, "param": None, "code": None}
    assert (answer.status_code, answer.json()) == (status, {"error": error})
