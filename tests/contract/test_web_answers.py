"""The HTTP answer that a web action's result becomes."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
import requests
from cloud import WEB, Cloud

# Every row of the tables below is a result that the caller itself sends.
RETURNS = "def main(args):\n    return args['result']\n"
HTML = "text/html; charset=UTF-8"
JSON = "application/json"
TEXT = "text/plain; charset=UTF-8"
NOT_HTTP = "Response is not valid 'message/http'."
MISMATCH = "Response type in header did not match generated content type."
UNKNOWN_TYPE = "Response did not specify a known content-type."
NOT_JSON = "Response is not valid 'application/json'."
NO_PROPERTY = "Response does not include requested property."
FAILED = "There was an error processing your request."


@pytest.fixture(scope="module")
def returns(cloud: Cloud, package: str) -> str:
    cloud.deploy(f"{package}/returns", RETURNS, annotations=WEB)
    return f"{package}/returns"


def answer(cloud: Cloud, returns: str, result: Any, extension: str = "") -> requests.Response:
    return cloud.web(returns + extension, json={"result": result})


def typed(content_type: str, body: Any) -> dict[str, Any]:
    return {"headers": {"Content-Type": content_type}, "body": body}


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        ({}, 204, None, b""),
        ({"output": "no body"}, 204, None, b""),
        ({"body": ""}, 204, None, b""),
        ({"body": None}, 204, None, b""),
        ({"statusCode": 200}, 200, None, b""),
        (typed("text/plain", ""), 204, None, b""),
        ({"body": "hé"}, 200, HTML, "hé".encode()),
        ({"body": "x", "statusCode": 404}, 404, HTML, b"x"),
        ({"body": "x", "statusCode": "201"}, 201, HTML, b"x"),
        ({"body": "x", "statusCode": "+0201"}, 201, HTML, b"x"),
        ({"body": "x", "statusCode": 444}, 444, HTML, b"x"),
        ({"body": "x", "statusCode": 202.0}, 202, HTML, b"x"),
        ({"body": {"a": None}}, 200, JSON, {"a": None}),
        ({"body": [1]}, 200, JSON, [1]),
        ({"body": 0}, 200, JSON, 0),
        ({"body": False}, 200, JSON, False),
        (typed("text/plain", "x"), 200, TEXT, b"x"),
        (typed("text/plain; charset=iso-8859-1", "é"), 200, TEXT, "é".encode()),
        (typed("text/css", "x"), 200, "text/css; charset=UTF-8", b"x"),
        (typed("text/event-stream", "data: x"), 200, "text/event-stream", b"data: x"),
        (typed("text/x-scriptsh", "ls"), 200, "text/x-scriptsh; charset=UTF-8", b"ls"),
        (typed("text/javascript", "eA=="), 200, "text/javascript", b"x"),
        (typed("application/xml", "<a/>"), 200, "application/xml; charset=UTF-8", b"<a/>"),
        (typed("image/png", "eA=="), 200, "image/png", b"x"),
        (typed("image/png", "eA"), 200, "image/png", b"x"),
        (typed("image/svg+xml", "eA=="), 200, "image/svg+xml", b"x"),
        (typed("application/octet-stream", "/wA="), 200, "application/octet-stream", b"\xff\x00"),
        (typed("x-my/own", "eA=="), 200, "x-my/own", b"x"),
        (typed("x-my/own; charset=utf-8", "eA=="), 200, "x-my/own; charset=UTF-8", b"eA=="),
        (typed(JSON, '{"a":1}'), 200, JSON, {"a": 1}),
        (typed(JSON, "not json at all"), 200, JSON, b"not json at all"),
        (typed(JSON, "eyJhIjoxfQ=="), 200, JSON, {"a": 1}),
        (typed("application/json-patch+json", "eyJhIjoxfQ=="), 200, "application/json-patch+json", {"a": 1}),
        (typed("application/json-patch+json", {"a": 1}), 200, "application/json-patch+json", {"a": 1}),
        (typed("application/hal+json", {"a": 1}), 200, "application/hal+json", {"a": 1}),
        ({"statusCode": 302, "headers": {"location": "/x"}}, 302, None, b""),
    ],
)
def test_a_result_describes_the_answer(
    cloud: Cloud, returns: str, result: Any, status: int, content_type: str | None, body: Any
):
    found = answer(cloud, returns, result)
    assert found.status_code == status
    assert found.headers.get("content-type") == content_type
    assert (found.content if isinstance(body, bytes) else found.json()) == body
    assert len(found.headers["x-openwhisk-activation-id"]) == 32


def test_headers_may_be_numbers_truths_and_lists(cloud: Cloud, returns: str):
    headers = {"x-number": 1, "x-truth": True, "x-list": ["a", [2, False]], "x-float": 1.5}
    found = answer(cloud, returns, {"headers": headers, "body": "x"})
    shown = {name: value for name, value in found.headers.items() if name.startswith("x-")}
    assert (shown["x-number"], shown["x-truth"], shown["x-float"]) == ("1", "true", "1.5")
    assert shown["x-list"].replace(" ", "") == "a,2,false"


def test_each_cookie_has_a_line_of_its_own(cloud: Cloud, returns: str):
    found = answer(cloud, returns, {"headers": {"Set-Cookie": ["a=1; Path=/", "b=2; Path=/"]}})
    assert found.cookies.get_dict() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"statusCode": "soon"}, NOT_HTTP),
        ({"statusCode": " 200"}, NOT_HTTP),
        ({"statusCode": True}, NOT_HTTP),
        ({"statusCode": None}, NOT_HTTP),
        ({"statusCode": 200.5}, NOT_HTTP),
        ({"statusCode": [200]}, NOT_HTTP),
        ({"headers": "none"}, NOT_HTTP),
        ({"headers": None}, NOT_HTTP),
        ({"headers": {"a": {}}}, NOT_HTTP),
        ({"headers": {"a": None}}, NOT_HTTP),
        ({"headers": {"a": ["x", None]}}, NOT_HTTP),
        (typed("text/html", {"a": 1}), MISMATCH),
        (typed("image/png", [1]), MISMATCH),
        (typed("image/png", "???"), MISMATCH),
        (typed("image/svg+xml", "<svg/>"), MISMATCH),
        (typed("nonsense", "x"), UNKNOWN_TYPE),
    ],
)
def test_a_result_that_describes_no_answer_is_a_400(cloud: Cloud, returns: str, result: Any, text: str):
    found = answer(cloud, returns, result)
    assert (found.status_code, found.json()["error"]) == (400, text)
    assert found.json()["code"]
    assert len(found.headers["x-openwhisk-activation-id"]) == 32
    if cloud.is_localops:
        assert ("must be base64 unless" in found.json()["detail"]) is (text == MISMATCH)


@pytest.mark.parametrize(
    ("error", "extension", "status", "body"),
    [
        ({"statusCode": 401, "body": "no"}, "", 401, "no"),
        ({"statusCode": 401, "body": "no"}, ".http", 401, "no"),
        ({"body": {"a": 1}}, "", 200, '{"a":1}'),
        ("text", "", 400, NOT_HTTP),
        ("text", ".json", 400, NOT_JSON),
        ({"a": 1}, ".json", 200, '{"a":1}'),
        ("<p>", ".html", 200, "<p>"),
        ("plain", ".text", 200, "plain"),
        (7, ".text", 200, "7"),
    ],
)
def test_an_error_takes_the_place_of_the_result(
    cloud: Cloud, returns: str, error: Any, extension: str, status: int, body: str
):
    found = answer(cloud, returns, {"error": error}, extension)
    assert found.status_code == status
    text = found.json()["error"] if status == 400 else found.text
    assert text.replace(" ", "").replace("\n", "") == body.replace(" ", "")


@pytest.mark.parametrize(
    "source",
    [
        "def main(args):\n    return 42\n",
        "def main(args):\n    return None\n",
        "import os\ndef main(args):\n    os._exit(1)\n",
        "import no_such_module\ndef main(args):\n    return {}\n",
        "def main(args:\n",
        "def not_main(args):\n    return {}\n",
        "def main(args):\n    return {'body': object()}\n",
        "async def main(args):\n    return {}\n",
    ],
)
def test_an_action_that_breaks_is_a_400_without_the_reason(cloud: Cloud, package: str, source: str):
    name = f"{package}/broken_{secrets.token_hex(4)}"
    cloud.deploy(name, source, annotations=WEB)
    found = cloud.web(name)
    assert (found.status_code, found.json()["error"]) == (400, FAILED)
    assert found.json()["code"]


def test_an_uncaught_exception_is_an_error_of_the_application(cloud: Cloud, package: str):
    name = f"{package}/raises_{secrets.token_hex(4)}"
    cloud.deploy(name, "def main(args):\n    raise ValueError('oh')\n", annotations=WEB)
    assert cloud.web(name).json()["error"] == NOT_HTTP
    assert cloud.web(f"{name}.text").text == "oh"


def test_an_action_beyond_its_time_is_a_400(cloud: Cloud, package: str):
    name = f"{package}/slow_{secrets.token_hex(4)}"
    source = "import time\ndef main(args):\n    time.sleep(60)\n"
    cloud.deploy(name, source, annotations=WEB, limits={"timeout": 200})
    found = cloud.web(name)
    assert (found.status_code, found.json()["error"]) == (400, FAILED)


@pytest.mark.parametrize(
    ("result", "extension", "content_type", "body"),
    [
        ({"a": 1}, ".json", JSON, {"a": 1}),
        ([1, 2], ".json", JSON, [1, 2]),
        ({"body": "<b>", "html": "<p>"}, ".html", HTML, b"<b>"),
        ({"html": "<p>"}, ".html", HTML, b"<p>"),
        ({"svg": "<svg/>"}, ".svg", "image/svg+xml", b"<svg/>"),
        ({"body": "<svg/>"}, ".svg", "image/svg+xml", b"<svg/>"),
        ({"text": "x"}, ".text", TEXT, b"x"),
        ({"body": "y", "text": "x"}, ".text", TEXT, b"y"),
        ({"body": {"a": "A"}}, ".text", TEXT, b'{\n  "a": "A"\n}'),
        ({"body": ["a"]}, ".text", TEXT, b'["a"]'),
        ({"body": {"a": [1, {"b": {}}]}}, ".text", TEXT, b'{\n  "a": [1, {\n    "b": {\n\n    }\n  }]\n}'),
        ({"body": True}, ".text", TEXT, b"true"),
        ({"body": 1}, ".text", TEXT, b"1"),
        ({"body": None}, ".text", TEXT, b"null"),
        ({"body": "x"}, ".http", HTML, b"x"),
    ],
)
def test_an_extension_picks_what_is_sent(
    cloud: Cloud, returns: str, result: Any, extension: str, content_type: str, body: Any
):
    found = answer(cloud, returns, result, extension)
    assert (found.status_code, found.headers["content-type"]) == (200, content_type)
    assert (found.content if isinstance(body, bytes) else found.json()) == body


@pytest.mark.parametrize(
    ("result", "extension", "status", "text"),
    [
        ({"other": 1}, ".text", 404, NO_PROPERTY),
        ({"other": 1}, ".html", 400, "Response is not valid 'text/html'."),
        ({"body": 1}, ".html", 400, "Response is not valid 'text/html'."),
        ({"svg": ["x"]}, ".svg", 400, "Response is not valid 'image/svg+xml'."),
    ],
)
def test_a_result_without_what_the_extension_picks_is_refused(
    cloud: Cloud, returns: str, result: Any, extension: str, status: int, text: str
):
    found = answer(cloud, returns, result, extension)
    assert (found.status_code, found.json()["error"]) == (status, text)


@pytest.mark.parametrize("extension", [".xml", ".foo", ".jso", "."])
def test_another_extension_is_part_of_the_name(cloud: Cloud, returns: str, extension: str):
    assert answer(cloud, returns, {"body": "x"}, extension).status_code == 404


def test_an_unknown_json_type_is_binary_for_a_text(cloud: Cloud, returns: str):
    kind = "application/hal+json"
    assert answer(cloud, returns, typed(kind, '{"a":1}')).json()["error"] == MISMATCH
    found = answer(cloud, returns, typed(kind, base64.b64encode(b'{"a":1}').decode()))
    assert (found.headers["content-type"], found.json()) == (kind, {"a": 1})


def test_a_head_request_gets_the_headers_alone(cloud: Cloud, package: str):
    name = f"{package}/head_{secrets.token_hex(4)}"
    cloud.deploy(name, "def main(args):\n    return {'body': args['__ow_method']}\n", annotations=WEB)
    found = cloud.web(name, "HEAD")
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, b"", HTML)


@pytest.mark.usefixtures("localops_only")
def test_a_result_cannot_break_the_answer_apart(cloud: Cloud, returns: str):
    for result, status in (
        ({"body": "x", "statusCode": 204}, 204),
        ({"body": "x", "statusCode": 304}, 304),
        ({"body": "x", "headers": {"Content-Length": "99", "Transfer-Encoding": "chunked"}}, 200),
        ({"body": "x", "headers": {"a": "1\r\nx-injected: 2"}}, 200),
        ({"body": "x", "headers": {"x-unicode": "漢"}}, 200),
        ({"body": "x", "statusCode": 100}, 400),
        ({"body": "x", "statusCode": 999}, 400),
        ({"body": "x", "headers": {"a b": "1"}}, 400),
    ):
        found = answer(cloud, returns, result)
        assert found.status_code == status
        assert "x-injected" not in found.headers
        assert answer(cloud, returns, {"body": "next"}).text == "next"


NOT_ACCEPTABLE = "Resource representation is only available with these types:\n"


@pytest.mark.parametrize(
    ("result", "extension", "accept", "types"),
    [
        ({"body": "text"}, "", JSON, HTML),
        ({"body": "text"}, ".http", JSON, HTML),
        ({"body": "text", "statusCode": 201}, "", JSON, HTML),
        ({"body": "text", "statusCode": 204}, "", JSON, HTML),
        ({"body": "text"}, "", "*/*;q=0", HTML),
        ({"body": {"a": 1}}, "", "text/event-stream", JSON),
        ({"error": {"body": {"a": 1}}}, "", "text/html", JSON),
        (typed("text/event-stream", "data: x"), "", JSON, "text/event-stream"),
        (typed("image/png", "eA=="), "", "image/jpeg, text/*", "image/png"),
        (typed("application/hal+json", {"a": 1}), "", JSON, "application/hal+json"),
        ({"a": 1}, ".json", "text/html", JSON),
        ({"html": "<p>"}, ".html", JSON, HTML),
        ({"svg": "<svg/>"}, ".svg", "text/html", "image/svg+xml"),
        ({"text": "x"}, ".text", "text/html", "text/plain"),
    ],
)
def test_a_type_that_the_caller_does_not_accept_is_a_406(
    cloud: Cloud, returns: str, result: Any, extension: str, accept: str, types: str
):
    found = cloud.web(returns + extension, json={"result": result}, headers={"accept": accept})
    assert (found.status_code, found.json()["error"]) == (406, NOT_ACCEPTABLE + types)
    assert found.json()["code"]
    if cloud.is_localops:
        assert f"The request accepts {accept}, and the action {returns} answered" in found.json()["detail"]
        assert found.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("result", "extension", "accept", "status"),
    [
        ({}, "", JSON, 204),
        ({"body": ""}, "", "text/event-stream", 204),
        ({"body": None}, "", "*/*;q=0", 204),
        ({"statusCode": 204}, "", "text/event-stream", 204),
        ({"statusCode": 200}, "", "text/html", 200),
        (typed("text/plain", ""), "", JSON, 204),
        ({"body": "no", "statusCode": 404}, "", JSON, 404),
        ({"body": {"a": 1}, "statusCode": 500}, "", "text/html", 500),
        ({"body": "x", "statusCode": 302, "headers": {"location": "/x"}}, "", JSON, 302),
        ({"statusCode": "soon"}, "", "text/html", 400),
        ({"other": 1}, ".text", "text/html", 404),
        ({"body": "text"}, "", "text/*", 200),
        ({"body": "text"}, "", "application/json, */*;q=0.1", 200),
        ({"body": {"a": 1}}, "", "application/json, text/event-stream", 200),
        ({"text": "x"}, ".text", "text/plain", 200),
        ({"body": "text"}, "", "not a media range", 200),
    ],
)
def test_other_answers_are_sent_whatever_the_caller_accepts(
    cloud: Cloud, returns: str, result: Any, extension: str, accept: str, status: int
):
    found = cloud.web(returns + extension, json={"result": result}, headers={"accept": accept})
    assert found.status_code == status


@pytest.mark.usefixtures("localops_only")
def test_json_is_sent_without_line_breaks(cloud: Cloud, returns: str):
    for result, extension in (({"a": [1, {"b": 2}]}, ".json"), ({"body": {"a": [1, {"b": 2}]}}, "")):
        assert answer(cloud, returns, result, extension).content == b'{"a":[1,{"b":2}]}'
