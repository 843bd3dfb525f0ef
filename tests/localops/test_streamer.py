"""The streamed route, driven as the page drives it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from localops_process import LocalopsProcess


def stream(desk: LocalopsProcess, action: str, **members: Any) -> httpx.Response:
    return httpx.post(f"{desk.url}/web/devel/cases/{action}", json=members, timeout=20)


def outputs(text: str) -> str:
    decoder, position, found = json.JSONDecoder(), 0, ""
    text = text.replace("\n", "")
    while position < len(text):
        message, position = decoder.raw_decode(text, position)
        found += message["output"]
    return found


def test_what_an_action_sends_is_relayed_and_then_ends(desk: LocalopsProcess):
    answer = stream(desk, "streams", count=5)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert outputs(answer.text) == "0 1 2 3 4 "


def test_the_first_message_arrives_before_the_last_is_made(desk: LocalopsProcess):
    url = f"{desk.url}/web/devel/cases/streams"
    with httpx.stream("POST", url, json={"count": 2, "pause": 30}, timeout=20) as answer:
        assert next(answer.iter_text()) == '{"output": "0 "}\n'


def test_reads_are_cut_at_2048_bytes_as_in_production(desk: LocalopsProcess):
    lines = stream(desk, "sends_at_once", size=5000).text.split("\n")
    assert [len(line) for line in lines] == [2048, 2048, 904, 0]


def test_an_action_learns_at_once_that_the_reader_left(desk: LocalopsProcess):
    url = f"{desk.url}/web/devel/cases/streams"
    with httpx.stream("POST", url, json={"count": 1000, "pause": 0.01}, timeout=20) as answer:
        next(answer.iter_text())
    assert desk.wait_for_line("cases/streams: the reader left")
    assert "application error" in desk.wait_for_line("cases/streams application error")


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("missing", "not ok (404 Not Found): No web action cases/missing is deployed"),
        ("private", "not ok (404 Not Found)"),
        ("fails", "not ok (400 Bad Request): the action cases/fails failed: this action always fails"),
        ("exits", "not ok (400 Bad Request): the action cases/exits failed: command exited"),
        ("syntax", "not ok (400 Bad Request): the action cases/syntax failed"),
    ],
)
def test_an_action_that_cannot_stream_ends_the_answer_with_the_reason(
    desk: LocalopsProcess, action: str, part: str
):
    answer = stream(desk, action)
    assert answer.status_code == 500
    assert part in answer.text


def test_an_action_that_never_connects_ends_the_answer_with_a_warning(desk: LocalopsProcess):
    answer = stream(desk, "echo")
    assert (answer.status_code, answer.text) == (200, "")
    assert desk.wait_for_line("warning: cases/echo ended without connecting")


def test_an_action_that_fails_late_is_warned_about_and_harms_nobody(desk: LocalopsProcess):
    assert outputs(stream(desk, "streams", fail=True).text) == "0 1 2 "
    assert desk.wait_for_line("warning: cases/streams failed after it had streamed")
    assert stream(desk, "streams").status_code == 200


def test_a_second_connection_is_warned_about(desk: LocalopsProcess):
    assert outputs(stream(desk, "connects_twice").text) == "first"
    assert desk.wait_for_line("warning: cases/connects_twice connected a second time")


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"{", "The body is not JSON: "),
        (b"[1]", "The body must be a JSON object"),
        (b'{"GREETING": "mine"}', "not ok (400 Bad Request): Request defines parameters"),
    ],
)
def test_a_bad_body_gets_a_sentence(desk: LocalopsProcess, body: bytes, part: str):
    answer = httpx.post(f"{desk.url}/web/devel/cases/echo", content=body)
    assert answer.status_code == 500
    assert part in answer.text


def test_a_page_of_another_origin_may_stream(desk: LocalopsProcess):
    answer = httpx.options(f"{desk.url}/web/devel/cases/streams", headers={"origin": "http://elsewhere"})
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, "*")
