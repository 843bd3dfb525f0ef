"""What a web action is called with, and what of a request it never sees."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
import requests
from cloud import WEB, Cloud

ECHO = "def main(args):\n    return {'body': args}\n"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CONTEXT = ("__ow_method", "__ow_headers", "__ow_path")
NOT_ALLOWED = "Request defines parameters that are not allowed (e.g., reserved properties)."


@pytest.fixture(scope="module")
def echo(cloud: Cloud, package: str) -> str:
    cloud.deploy(
        f"{package}/echo", ECHO, annotations=WEB, parameters={"set": "action", "empty": "", "open": None}
    )
    return f"{package}/echo"


@pytest.fixture(scope="module")
def raw(cloud: Cloud, package: str) -> str:
    annotations = {**WEB, "raw-http": True}
    cloud.deploy(f"{package}/raw", ECHO, annotations=annotations, parameters={"set": "action"})
    return f"{package}/raw"


def given(answer: requests.Response) -> dict[str, Any]:
    """Return the arguments, without the context and the action's own parameters."""
    assert answer.status_code == 200, answer.text
    return {
        key: value for key, value in answer.json().items() if key not in (*CONTEXT, "set", "empty", "open")
    }


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("body", "content_type", "query", "expected"),
    [
        (b'{"a": {"b": [1, null]}}', JSON, "", {"a": {"b": [1, None]}}),
        (b'{"a": 1}', "application/json; charset=utf-8", "", {"a": 1}),
        (b'{"a": 1}', "application/vnd.api+json", "", {"a": 1}),
        (b'{"a": 1}', "application/cloudevents+json", "", {"a": 1}),
        (b'{"a": "body"}', JSON, "?a=query&b=c%20d%2Be&f=g+h", {"a": "body", "b": "c d+e", "f": "g h"}),
        (b"[1, 2]", JSON, "", {"__ow_body": [1, 2]}),
        (b'"text"', JSON, "", {"__ow_body": "text"}),
        (b"7", JSON, "", {"__ow_body": 7}),
        (b"true", JSON, "", {"__ow_body": True}),
        (b"null", JSON, "", {"__ow_body": None}),
        (b"", JSON, "?a=1", {"a": "1"}),
        (b"a=1&b=&c=x%20y+z&a=2", FORM, "?d=4", {"a": "2", "b": "", "c": "x y z", "d": "4"}),
        ("grüße".encode(), "text/plain", "", {"__ow_body": "grüße"}),
        (b"<a/>", "application/xml", "", {"__ow_body": "<a/>"}),
        (b"a,b", "text/csv; charset=utf-8", "?x=1", {"__ow_body": "a,b", "x": "1"}),
        (b"\xff\x00", "application/octet-stream", "", {"__ow_body": encoded(b"\xff\x00")}),
        (b"\x89PNG", "image/png", "", {"__ow_body": encoded(b"\x89PNG")}),
        (b"--x", "multipart/form-data; boundary=x", "", {"__ow_body": encoded(b"--x")}),
        (b"?", "some/thing", "", {"__ow_body": encoded(b"?")}),
        (b"?", "some/thing; charset=utf-8", "", {"__ow_body": "?"}),
    ],
)
def test_the_body_becomes_arguments_by_its_type(
    cloud: Cloud, echo: str, body: bytes, content_type: str, query: str, expected: dict[str, Any]
):
    answer = cloud.web(echo + query, data=body, headers={"content-type": content_type})
    assert given(answer) == expected


def test_a_body_of_no_type_comes_in_base64(cloud: Cloud, echo: str):
    assert given(cloud.web(echo, data=b"?", headers={"content-type": None})) == {"__ow_body": encoded(b"?")}


def test_no_body_and_no_query_give_the_parameters_alone(cloud: Cloud, echo: str):
    found = cloud.web(echo, "GET").json()
    assert set(found) == {*CONTEXT, "set", "empty", "open"}
    assert (found["set"], found["empty"], found["open"]) == ("action", "", None)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_action_knows_how_it_was_called(cloud: Cloud, echo: str, method: str):
    headers = {"X-Mine": "Yes", "Content-Type": JSON}
    found = cloud.web(f"{echo}/a/b%20c/?x=1", method, headers=headers, data=b"{}").json()
    assert found["__ow_method"] == method.lower()
    assert found["__ow_path"] == "/a/b%20c/"
    assert (found["__ow_headers"]["x-mine"], found["__ow_headers"]["content-type"]) == ("Yes", JSON)
    assert "content-length" not in found["__ow_headers"]
    assert found["x"] == "1"


@pytest.mark.parametrize(
    ("path", "expected"), [("", ""), ("/", "/"), ("/a", "/a"), (".json/a", "/a"), (".http", "")]
)
def test_what_follows_the_name_is_the_path(cloud: Cloud, echo: str, path: str, expected: str):
    answer = cloud.web(echo + path).json()
    assert answer.get("body", answer)["__ow_path"] == expected


def test_who_is_authenticated_is_named(cloud: Cloud, echo: str):
    user, key = cloud.auth.split(":", 1)
    assert cloud.web(echo, auth=(user, key)).json()["__ow_user"] == cloud.user
    for auth in (None, (user, "wrong"), ("nobody", key)):
        assert "__ow_user" not in cloud.web(echo, auth=auth).json()


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'a': 1}", b" ", b"nothing", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 2000 + b"]" * 2000],
    ids=["half", "quotes", "blank", "a word", "NaN", "infinity", "endless nesting"],
)
def test_malformed_json_is_a_400(cloud: Cloud, echo: str, body: bytes):
    answer = cloud.web(echo, data=body, headers={"content-type": JSON})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The request content was malformed:\n")
    assert answer.json()["code"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?set=mine", b"{}", 400),
        ("", b'{"set": "mine"}', 400),
        ("", b'{"empty": "mine"}', 400),
        ("", b'{"open": "mine"}', 200),
        *(("", b'{"%s": 1}' % name, 400) for name in (b"__ow_method", b"__ow_headers", b"__ow_path")),
        *(("", b'{"%s": 1}' % name, 400) for name in (b"__ow_user", b"__ow_query", b"__ow_body")),
        ("?__ow_body=x", b"", 400),
        ("", b'{"__ow_other": 1}', 200),
    ],
)
def test_protected_parameters_cannot_be_set(cloud: Cloud, echo: str, query: str, body: bytes, status: int):
    answer = cloud.web(echo + query, data=body, headers={"content-type": JSON})
    assert answer.status_code == status
    assert answer.json().get("error") == (NOT_ALLOWED if status == 400 else None)


def test_parameters_of_an_action_that_is_not_final_can_be_set(cloud: Cloud, package: str):
    name = f"{package}/loose_{secrets.token_hex(4)}"
    cloud.deploy(name, ECHO, annotations={"web-export": True}, parameters={"set": "action"})
    assert cloud.web(name, json={"set": "mine"}).json()["set"] == "mine"
    assert cloud.web(name, json={"__ow_user": "me"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "content_type", "query", "expected"),
    [
        (b'{"set": "mine"}', JSON, "?set=q&x=%20", ("set=q&x=%20", encoded(b'{"set": "mine"}'))),
        (b"text", "text/plain", "", ("", "text")),
        (b"a=1&set=2", FORM, "", ("", "a=1&set=2")),
        (b"\xff", "image/png", "", ("", encoded(b"\xff"))),
        (b"", "text/plain", "", ("", "")),
    ],
)
def test_a_raw_action_gets_query_and_body_as_they_came(
    cloud: Cloud, raw: str, body: bytes, content_type: str, query: str, expected: tuple[str, str]
):
    found = cloud.web(raw + query, data=body, headers={"content-type": content_type}).json()
    assert (found["__ow_query"], found["__ow_body"]) == expected
    assert found["set"] == "action"
    assert set(found) == {*CONTEXT, "set", "__ow_query", "__ow_body"}


def test_a_body_over_a_mebibyte_is_refused(cloud: Cloud, echo: str):
    answer = cloud.web(echo, data=b"x" * (1024 * 1024 + 1), headers={"content-type": "text/plain"})
    text = "Request larger than allowed: 1048577 > 1048576 bytes."
    assert (answer.status_code, answer.json()["error"]) == (413, text)


def test_a_body_of_a_mebibyte_is_taken(cloud: Cloud, package: str):
    name = f"{package}/size_{secrets.token_hex(4)}"
    cloud.deploy(name, "def main(args):\n    return {'body': len(args['__ow_body'])}\n", annotations=WEB)
    answer = cloud.web(name, data=b"x" * 1024 * 1024, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()) == (200, 1024 * 1024)
