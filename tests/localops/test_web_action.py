"""A web action's arguments and answers, row by row of OpenWhisk's rules."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from localops.errors import RequestError
from localops.openwhisk.entities import Action, Activation, Code, Status
from localops.openwhisk.http_answer import MISMATCH_TEXT, NOT_HTTP_TEXT, UNKNOWN_TYPE_TEXT
from localops.openwhisk.web_action import (
    FAILED_TEXT,
    NO_PROPERTY_TEXT,
    NOT_ALLOWED_TEXT,
    NOT_JSON_TEXT,
    WebRequest,
    arguments,
    response,
)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def action(*, final: bool = True, raw: bool = False, **parameters: Any) -> Action:
    annotations = {"web-export": True, "final": final, "raw-http": raw}
    return Action("p", "a", "python:3", Code(Path("a.py")), parameters, annotations)


def request(body: bytes = b"", content_type: str = JSON, query: str = "") -> WebRequest:
    return WebRequest("POST", {"content-type": content_type}, "/rest", query, body)


def given(found: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments without the context that every call has."""
    return {
        name: value
        for name, value in found.items()
        if name not in ("__ow_method", "__ow_headers", "__ow_path")
    }


@pytest.mark.parametrize(
    ("body", "content_type", "query", "expected"),
    [
        (b'{"a": 1}', JSON, "", {"a": 1}),
        (b'{"a": 1}', "application/vnd.api+json; charset=utf-8", "", {"a": 1}),
        (b'{"a": "body"}', JSON, "a=query&b=c%20d", {"a": "body", "b": "c d"}),
        (b"[1, 2]", JSON, "", {"__ow_body": [1, 2]}),
        (b'"text"', JSON, "", {"__ow_body": "text"}),
        (b"null", JSON, "", {"__ow_body": None}),
        (b"", JSON, "", {}),
        (b"a=1&b=", FORM, "", {"a": "1", "b": ""}),
        (b"plain", "text/plain", "", {"__ow_body": "plain"}),
        (b"\xff\x00", "application/octet-stream", "", {"__ow_body": "/wA="}),
        (b"--x", "multipart/form-data; boundary=x", "", {"__ow_body": base64.b64encode(b"--x").decode()}),
        (b"?", "", "", {"__ow_body": "Pw=="}),
    ],
)
def test_the_body_becomes_arguments_by_its_type(
    body: bytes, content_type: str, query: str, expected: dict[str, Any]
):
    assert given(arguments(action(), request(body, content_type, query))) == expected


def test_the_context_says_how_the_action_was_called():
    found = arguments(action(), WebRequest("GET", {"accept": "x"}, "/a/b", "", b"", user="devel"))
    assert found == {
        "__ow_method": "get",
        "__ow_headers": {"accept": "x"},
        "__ow_path": "/a/b",
        "__ow_user": "devel",
    }


def test_a_raw_action_gets_query_and_body_as_they_came():
    found = given(arguments(action(raw=True, P="kept"), request(b'{"a": 1}', JSON, "x=%20&y")))
    assert found == {
        "P": "kept",
        "__ow_query": "x=%20&y",
        "__ow_body": base64.b64encode(b'{"a": 1}').decode(),
    }


@pytest.mark.parametrize(
    ("parameters", "final", "body", "refused"),
    [
        ({"KEY": "value"}, True, b'{"KEY": "x"}', True),
        ({"KEY": ""}, True, b'{"KEY": "x"}', True),
        ({"KEY": None}, True, b'{"KEY": "x"}', False),
        ({"KEY": "value"}, False, b'{"KEY": "x"}', False),
        ({}, True, b'{"__ow_user": "x"}', True),
        ({}, False, b'{"__ow_body": "x"}', True),
    ],
)
def test_protected_parameters_cannot_be_set_by_a_caller(
    parameters: dict[str, Any], final: bool, body: bytes, refused: bool
):
    target = action(final=final, **parameters)
    if not refused:
        assert arguments(target, request(body))["KEY"] == "x"
        return
    with pytest.raises(RequestError, match="parameters that are not allowed") as caught:
        arguments(target, request(body))
    assert (caught.value.status, caught.value.message) == (400, NOT_ALLOWED_TEXT)


def test_malformed_json_is_a_400_that_says_where():
    with pytest.raises(RequestError, match=r"malformed:\n.*line 1 column 2") as caught:
        arguments(action(), request(b"{"))
    assert caught.value.status == 400


def ended(result: Any, status: Status = "success") -> Activation:
    activation = Activation(action())
    activation.finish(status, result)
    return activation


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        ({}, 204, None, b""),
        ({"output": "no body"}, 204, None, b""),
        ({"body": ""}, 204, None, b""),
        ({"body": "x", "statusCode": "201"}, 201, "text/html; charset=UTF-8", b"x"),
        ({"body": "é"}, 200, "text/html; charset=UTF-8", "é".encode()),
        ({"body": {"a": 1}}, 200, JSON, b'{"a":1}'),
        ({"body": [1]}, 200, JSON, b"[1]"),
        ({"body": 0}, 200, JSON, b"0"),
        ({"body": False}, 200, JSON, b"false"),
        ({"body": "eA==", "headers": {"Content-Type": "image/png"}}, 200, "image/png", b"x"),
        (
            {"body": "eA==", "headers": {"content-type": "text/plain"}},
            200,
            "text/plain; charset=UTF-8",
            b"eA==",
        ),
        ({"body": '{"a":1}', "headers": {"content-type": JSON}}, 200, JSON, b'{"a":1}'),
        ({"body": "eyJhIjoxfQ==", "headers": {"content-type": JSON}}, 200, JSON, b'{"a":1}'),
        ({"statusCode": 302, "headers": {"location": "/x"}}, 302, None, b""),
    ],
)
def test_a_result_describes_the_http_answer(result: Any, status: int, content_type: str | None, body: bytes):
    answer = response(ended(result), "http")
    assert (answer.status, answer.body) == (status, body)
    assert dict(answer.headers).get("content-type") == content_type


def test_headers_may_be_numbers_booleans_and_lists():
    answer = response(ended({"headers": {"a": 1, "b": True, "set-cookie": ["x=1", "y=2"]}}), "http")
    assert answer.headers == [("a", "1"), ("b", "true"), ("set-cookie", "x=1"), ("set-cookie", "y=2")]


def test_a_header_cannot_smuggle_in_another_line():
    assert response(ended({"headers": {"a": "1\r\nset-cookie: x"}}), "http").headers == [
        ("a", "1  set-cookie: x")
    ]


@pytest.mark.parametrize(
    ("result", "status", "extension", "text"),
    [
        ([1], "success", "http", NOT_HTTP_TEXT),
        ({"statusCode": "soon"}, "success", "http", NOT_HTTP_TEXT),
        ({"statusCode": True}, "success", "http", NOT_HTTP_TEXT),
        ({"headers": "none"}, "success", "http", NOT_HTTP_TEXT),
        ({"headers": {"a": {}}}, "success", "http", NOT_HTTP_TEXT),
        ({"body": {"a": 1}, "headers": {"content-type": "text/html"}}, "success", "http", MISMATCH_TEXT),
        ({"body": "???", "headers": {"content-type": "image/png"}}, "success", "http", MISMATCH_TEXT),
        ({"body": "x", "headers": {"content-type": "nonsense"}}, "success", "http", UNKNOWN_TYPE_TEXT),
        ({"error": "plain text"}, "application error", "http", NOT_HTTP_TEXT),
        ({"error": "x"}, "action developer error", "http", FAILED_TEXT),
        ({"error": "text"}, "application error", "json", NOT_JSON_TEXT),
        ({"body": 1}, "success", "html", "Response is not valid 'text/html'."),
    ],
)
def test_what_is_no_answer_is_a_400(result: Any, status: Status, extension: str, text: str):
    with pytest.raises(RequestError) as caught:
        response(ended(result, status), extension)
    assert (caught.value.status, caught.value.message) == (400, text)


def test_an_error_with_a_status_code_is_an_answer():
    answer = response(ended({"error": {"statusCode": 401, "body": "no"}}, "application error"), "http")
    assert (answer.status, answer.body) == (401, b"no")


@pytest.mark.parametrize(
    ("result", "extension", "content_type", "body"),
    [
        ({"a": 1}, "json", JSON, b'{"a":1}'),
        ({"html": "<p>"}, "html", "text/html; charset=UTF-8", b"<p>"),
        ({"body": "<b>", "html": "<p>"}, "html", "text/html; charset=UTF-8", b"<b>"),
        ({"svg": "<svg/>"}, "svg", "image/svg+xml", b"<svg/>"),
        ({"text": "x"}, "text", "text/plain; charset=UTF-8", b"x"),
        ({"text": {"a": 1}}, "text", "text/plain; charset=UTF-8", b'{\n  "a": 1\n}'),
    ],
)
def test_an_extension_picks_what_is_sent(result: Any, extension: str, content_type: str, body: bytes):
    answer = response(ended(result), extension)
    assert (dict(answer.headers)["content-type"], answer.body) == (content_type, body)


def test_a_missing_property_is_a_404():
    with pytest.raises(RequestError) as caught:
        response(ended({"other": 1}), "text")
    assert (caught.value.status, caught.value.message) == (404, NO_PROPERTY_TEXT)
