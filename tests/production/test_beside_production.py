"""localops beside production's own streamer: the same request to both has the same answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from localops_process import LocalopsProcess
from production_streamer import ProductionStreamer

pytestmark = pytest.mark.production_streamer

TIMEOUT_S = 60
CONNECT = ["connect", None]
ONE = ["send", '{"output": "one"}']


@pytest.fixture(scope="module")
def shared_streamer(running_desk: LocalopsProcess) -> Iterator[ProductionStreamer]:
    with ProductionStreamer(running_desk.url) as streamer:
        yield streamer


def both(
    desk: LocalopsProcess, streamer: ProductionStreamer, method: str, path: str, **request: Any
) -> list[httpx.Response]:
    urls = (f"{desk.url}/{path}", f"{streamer.url}/{path}")
    return [httpx.request(method, url, timeout=TIMEOUT_S, **request) for url in urls]


@pytest.mark.parametrize(
    "path",
    [
        "arguments",
        "arguments%3Fticket=X",
        "arguments%3fticket=X%26other=a%2520b",
        "arguments%3Finput=query",
        "arguments%3F",
        "arguments%2Fabc",
        "arguments%2F",
        "arguments%2Fa%2Fb%3Fticket=X",
        "arguments%2Fa b",
        "arguments.http%2Fabc",
        "arguments%23%3Fticket=X",
        "arguments?dropped=1",
    ],
)
def test_an_address_hands_over_the_same_arguments(
    desk: LocalopsProcess, shared_streamer: ProductionStreamer, path: str
):
    answers = both(desk, shared_streamer, "POST", f"web/devel/streams/{path}", json={"input": "x"})
    found = [json.loads(answer.json()["output"]) for answer in answers]
    ours, theirs = (
        {name: value for name, value in each.items() if name not in ("__ow_headers", "STREAM_PORT")}
        for each in found
    )
    assert ours == theirs


@pytest.mark.parametrize(
    "path",
    [
        "web/devel/streams/missing%3Fticket=X",
        "web/devel/%3Fstreams/arguments",
        "web/devel/streams/arguments%2500",
        "web/devel/streams/" + "x" * 300,
        "web/devel/streams%2F%2Farguments",
        "web/devel/streams/arguments%3F__ow_user=root",
        "web/devel/cases/private",
        "web/devel/cases/fails",
        "web/nobody/streams/arguments",
    ],
)
def test_a_refusal_begins_with_the_same_line(
    desk: LocalopsProcess, shared_streamer: ProductionStreamer, path: str
):
    ours, theirs = both(desk, shared_streamer, "POST", path, json={})
    assert (ours.status_code, ours.text.splitlines()[0]) == (500, theirs.text.rstrip("\n"))
    assert theirs.status_code == 500


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("GET", 200), ("OPTIONS", 204), ("PUT", 405), ("DELETE", 405)]
)
def test_a_method_has_the_same_status(
    desk: LocalopsProcess, shared_streamer: ProductionStreamer, method: str, status: int
):
    answers = both(desk, shared_streamer, method, "web/devel/cases/streams")
    assert [answer.status_code for answer in answers] == [status, status]
    types = {answer.headers.get("content-type") for answer in answers}
    assert len(types) == 1


def test_a_body_that_a_reader_does_not_accept_is_the_same_refusal_before_the_stream(
    desk: LocalopsProcess, shared_streamer: ProductionStreamer
):
    steps = {"steps": [["answer", {"body": {"a": 1}}]]}
    ours, theirs = both(
        desk, shared_streamer, "POST", "web/devel/streams/steps", json=steps, headers={"accept": "text/html"}
    )
    assert (ours.status_code, theirs.status_code) == (500, 500)
    assert ours.text.splitlines()[0] == theirs.text.rstrip("\n") == "not ok (406 Not Acceptable)"


@pytest.mark.parametrize(
    ("answer", "accept", "lives"),
    [
        ({"statusCode": 204}, "text/event-stream", True),
        ({"body": ""}, "text/event-stream", True),
        ({"body": {"a": 1}}, "application/json", True),
        ({"body": {"a": 1}}, "text/event-stream", False),
        ({"body": "text"}, "application/json", False),
        ({"body": "text", "statusCode": 204}, "application/json", False),
        ({"body": "no", "statusCode": 500}, "*/*", False),
    ],
)
def test_what_localops_warns_of_ends_production(
    desk: LocalopsProcess, answer: dict[str, Any], accept: str, lives: bool
):
    # The reader has left when the action answers, so that what the answer does to the streamer is sure.
    steps = [CONNECT, ONE, ["wait for the end", 1], ["answer", answer]]
    with ProductionStreamer(desk.url) as streamer:
        url = f"{streamer.url}/web/devel/streams/steps"
        body = {"steps": steps}
        with httpx.stream("POST", url, json=body, headers={"accept": accept}, timeout=TIMEOUT_S) as reader:
            assert next(reader.iter_raw()) == b'{"output": "one"}\n'
        if lives:
            streamer.wait_survived(1)
        else:
            streamer.wait_death()
            assert "panic: send on closed channel" in "\n".join(streamer.log)
