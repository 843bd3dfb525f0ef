"""The streamed route, driven as the page drives it."""

from __future__ import annotations

import json
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloud import WEB, cloud_of
from localops_process import ROOT, LocalopsProcess

EXAMPLES = ROOT / "tests" / "examples"
FOREIGN = "The supplied authentication is not authorized to access this resource."
NOT_ALLOWED = "Request defines parameters that are not allowed (e.g., reserved properties)."
TIMEOUT_S = 60
CONNECT = ["connect", None]


def stream(desk: LocalopsProcess, action: str, **members: Any) -> httpx.Response:
    return httpx.post(f"{desk.url}/web/devel/cases/{action}", json=members, timeout=TIMEOUT_S)


def act(desk: LocalopsProcess, *steps: list[Any]) -> httpx.Response:
    """Have an action do these steps with its connection."""
    return httpx.post(f"{desk.url}/web/devel/streams/steps", json={"steps": steps}, timeout=TIMEOUT_S)


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
    assert len(answer.headers["x-openwhisk-activation-id"]) == 32
    assert outputs(answer.text) == "0 1 2 3 4 "


def test_the_first_message_arrives_before_the_last_is_made(desk: LocalopsProcess):
    url = f"{desk.url}/web/devel/cases/streams"
    with httpx.stream("POST", url, json={"count": 2, "pause": 59}, timeout=30) as answer:
        assert next(answer.iter_text()) == '{"output": "0 "}\n'


def test_reads_are_cut_at_2048_bytes_as_in_production(desk: LocalopsProcess):
    lines = stream(desk, "sends_at_once", size=5000).text.split("\n")
    assert [len(line) for line in lines] == [2048, 2048, 904, 0]


def test_an_action_learns_at_once_that_the_reader_left(desk: LocalopsProcess):
    url = f"{desk.url}/web/devel/cases/streams"
    with httpx.stream("POST", url, json={"count": 5000, "pause": 0.01}, timeout=TIMEOUT_S) as answer:
        next(answer.iter_text())
    assert desk.wait_for_line("cases/streams: the reader left")
    assert "application error" in desk.wait_for_line("cases/streams application error")


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("missing", "not ok (404 Not Found)\nNo web action cases/missing is deployed"),
        ("private", "not ok (404 Not Found)"),
        ("fails", "not ok (400 Bad Request)\nthe action cases/fails failed: this action always fails"),
        ("exits", "not ok (400 Bad Request)\nthe action cases/exits failed: command exited"),
        ("syntax", "not ok (400 Bad Request)\nthe action cases/syntax failed"),
    ],
)
def test_an_action_that_cannot_stream_ends_the_answer_with_the_reason(
    desk: LocalopsProcess, action: str, part: str
):
    answer = stream(desk, action)
    assert answer.status_code == 500
    assert part in answer.text


def test_an_action_that_never_connects_ends_the_answer(desk: LocalopsProcess):
    answer = stream(desk, "echo")
    assert (answer.status_code, answer.text) == (200, "")


def test_an_action_that_fails_late_harms_nobody(desk: LocalopsProcess):
    assert outputs(stream(desk, "streams", fail=True).text) == "0 1 2 "
    assert stream(desk, "streams").status_code == 200


def test_only_the_first_connection_is_relayed(desk: LocalopsProcess):
    steps = [["connect", None], ["connect", None], ["send", "second"], ["send to the first", "first"]]
    assert act(desk, *steps).text == "first\n"


def test_a_status_before_the_stream_is_passed_on(desk: LocalopsProcess):
    answer = act(desk, ["answer", {"statusCode": 418, "body": "no"}])
    assert (answer.status_code, answer.text) == (
        500,
        "not ok (418 I'm a Teapot)\nthe action streams/steps answered with status 418\n",
    )


def test_a_connection_that_is_left_open_does_not_hang_the_reader(desk: LocalopsProcess):
    answer = act(desk, ["connect", None], ["send", "x"], ["keep open", None])
    assert answer.text == "x\n"


def test_an_action_that_dies_in_mid_answer_ends_it(desk: LocalopsProcess):
    answer = act(desk, ["connect", None], ["send", "x"], ["exit", 3])
    sent, words = answer.text.splitlines()
    assert (answer.status_code, sent) == (200, "x")
    assert (
        "the action streams/steps ended in the middle of it (command exited)" in json.loads(words)["output"]
    )


def test_an_answer_may_end_before_its_activation(desk: LocalopsProcess, tmp_path: Path):
    answered = tmp_path / "answered"
    steps = [["connect", None], ["send", "x"], ["close", None], ["wait for the file", str(answered)]]
    assert act(desk, *steps).text == "x\n"
    answered.touch()
    assert desk.wait_for_line("streams/steps success")


def test_a_reader_who_is_slow_holds_the_action_back_and_loses_nothing(desk: LocalopsProcess):
    size = 30_000_000
    url = f"{desk.url}/web/devel/cases/sends_at_once"
    with httpx.stream("POST", url, json={"size": size}, timeout=TIMEOUT_S) as answer:
        parts = answer.iter_bytes()
        received = next(parts).count(b"x")
        # Nobody has read for the length of a whole other request: the first has to wait all the same.
        assert outputs(stream(desk, "streams").text) == "0 1 2 "
        received += sum(part.count(b"x") for part in parts)
    assert received == size


def test_the_socket_of_the_action_closes_as_soon_as_the_reader_leaves(desk: LocalopsProcess):
    # How soon that is, `python3 -m localops bench streamer` tells.
    steps = [["connect", None], ["send", "x"], ["wait for the end", 50]]
    url = f"{desk.url}/web/devel/streams/steps"
    with httpx.stream("POST", url, json={"steps": steps}, timeout=TIMEOUT_S) as answer:
        next(answer.iter_bytes())
    assert desk.wait_for_line("streams/steps | read b''", timeout_s=30)


def asked_by_hand(desk: LocalopsProcess, steps: list[Any]) -> socket.socket:
    """Return the connection of a request for an action that does these steps."""
    body = json.dumps({"steps": steps})
    head = f"POST /web/devel/streams/steps HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    reader = socket.create_connection(("127.0.0.1", httpx.URL(desk.url).port), TIMEOUT_S)
    reader.sendall((head + body).encode())
    return reader


def test_the_headers_come_with_the_first_bytes(desk: LocalopsProcess, tmp_path: Path):
    noticed = tmp_path / "noticed"
    steps = [CONNECT, ["say", "connected"], ["wait for the file", str(noticed)], ["send", "x"]]
    with asked_by_hand(desk, steps) as reader:
        desk.wait_for_line("streams/steps | connected")
        assert select.select([reader], [], [], 0.3)[0] == []
        noticed.touch()
        assert reader.recv(2000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_reader_may_leave_before_anything_was_sent(desk: LocalopsProcess, tmp_path: Path):
    noticed = tmp_path / "noticed"
    steps = [["say", "begun"], ["wait for the file", str(noticed)], ["connect", None]]
    with asked_by_hand(desk, steps):
        desk.wait_for_line("streams/steps | begun")
    assert desk.wait_for_line("streams/steps: the reader left")
    noticed.touch()
    assert desk.wait_for_line("Connection refused")


def private(desk: LocalopsProcess, authorization: str, path: str = "streams/private") -> httpx.Response:
    headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
    url = f"{desk.url}/action/devel/{path}"
    return httpx.post(url, json={"input": "x", "GREETING": "mine"}, headers=headers, timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def api_key(running_desk: LocalopsProcess) -> str:
    found = httpx.post(f"{running_desk.url}/api/my/cases/folder", timeout=TIMEOUT_S).json()
    return found["environment"]["__OW_API_KEY"]


def test_who_has_the_key_streams_a_private_action(desk: LocalopsProcess, api_key: str):
    answer = private(desk, f"Bearer {api_key}")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    arguments = json.loads(outputs(answer.text))
    assert set(arguments) == {"GREETING", "STREAM_HOST", "STREAM_PORT", "input"}
    assert arguments["GREETING"] == "mine"
    assert private(desk, api_key).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "path", "status", "text"),
    [
        ("", "streams/private", 400, "Missing Authorization header\n"),
        ("Bearer wrong", "streams/private", 500, "The supplied authentication is invalid\n"),
        ("Bearer ü", "streams/private", 500, "The supplied authentication is invalid\n"),
        ("KEY", "streams/final", 500, f"{NOT_ALLOWED}\n"),
        ("KEY", "streams/missing", 500, "The requested resource does not exist: streams/missing.\n"),
        ("KEY", "missing", 500, "The requested resource does not exist: default/missing.\n"),
        ("KEY", "../other/streams/private", 500, f"{FOREIGN}\n"),
    ],
)
def test_a_private_stream_is_refused_with_a_sentence(
    desk: LocalopsProcess, api_key: str, authorization: str, path: str, status: int, text: str
):
    answer = private(desk, authorization.replace("KEY", f"Bearer {api_key}"), path)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"{", "The body is not JSON: "),
        (b"[1]", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'{"count": 1} more', "The body is not JSON: Extra data"),
        (b'{"a": NaN}', "The body is not JSON: NaN is not JSON"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "nested more than 900 levels deep"),
        (b'{"GREETING": "mine"}', "not ok (400 Bad Request)\nRequest defines parameters"),
    ],
)
def test_a_bad_body_gets_a_sentence(desk: LocalopsProcess, body: bytes, part: str):
    answer = httpx.post(f"{desk.url}/web/devel/cases/echo", content=body, timeout=TIMEOUT_S)
    assert answer.status_code == 500
    assert part in answer.text


@pytest.mark.parametrize("body", [b"", b" \n", b"{}"])
def test_no_body_is_an_empty_object(desk: LocalopsProcess, body: bytes):
    answer = httpx.post(f"{desk.url}/web/devel/cases/streams", content=body, timeout=TIMEOUT_S)
    assert outputs(answer.text) == "0 1 2 "


def test_a_type_that_is_not_json_is_reported_once_and_the_arguments_arrive(desk: LocalopsProcess):
    url = f"{desk.url}/web/devel/cases/streams"
    for kind in (
        "text/plain;charset=UTF-8",
        "text/plain;charset=UTF-8",
        "application/json",
        "x/y+json",
        "none",
    ):
        answer = httpx.post(url, content='{"count": 2}', headers={"content-type": kind}, timeout=TIMEOUT_S)
        assert outputs(answer.text) == "0 1 "
    desk.wait_for_line("cases/streams was asked to stream by a request of type none; in production")
    found = re.findall(
        r"cases/streams was asked to stream by a request of type (.*); in", "\n".join(desk.log)
    )
    assert found == ["text/plain;charset=UTF-8", "none"]


def test_a_page_of_another_origin_may_stream(desk: LocalopsProcess):
    url = f"{desk.url}/web/devel/cases/streams"
    answer = httpx.options(url, headers={"origin": "http://elsewhere"}, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, "*")


@pytest.mark.parametrize("path", ["web/devel/cases/streams", "action/devel/streams/private"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(desk: LocalopsProcess, method: str, path: str):
    answer = httpx.request(method, f"{desk.url}/{path}", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("before", [[], [CONNECT]], ids=["unconnected", "connected"])
def test_a_success_without_a_byte_is_an_empty_answer(
    desk: LocalopsProcess, status: int, before: list[list[Any]]
):
    answer = act(desk, *before, ["answer", {"statusCode": status}])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_query_is_not_passed_on_and_the_address_is_two_texts(desk: LocalopsProcess, api_key: str):
    arguments = json.loads(outputs(private(desk, f"Bearer {api_key}", "streams/private?extra=1").text))
    assert set(arguments) == {"GREETING", "STREAM_HOST", "STREAM_PORT", "input"}
    assert (arguments["STREAM_HOST"], arguments["STREAM_PORT"].isdigit()) == ("127.0.0.1", True)
    url = f"{desk.url}/web/devel/cases/streams?count=1"
    assert outputs(httpx.get(url, timeout=TIMEOUT_S).text) == "0 1 2 "


def told(desk: LocalopsProcess, path: str, **request: Any) -> dict[str, Any]:
    """Return the arguments of the action at this address."""
    answer = httpx.post(f"{desk.url}/web/devel/{path}", json={"input": "x"}, timeout=TIMEOUT_S, **request)
    assert answer.status_code == 200, answer.text
    return json.loads(outputs(answer.text))


@pytest.mark.parametrize(
    ("path", "given", "rest"),
    [
        ("streams/arguments", {}, ""),
        ("streams/arguments%3Fticket=X", {"ticket": "X"}, ""),
        ("streams/arguments%3fticket=X%26other=a%2520b", {"ticket": "X", "other": "a b"}, ""),
        ("streams/arguments%3Finput=query", {}, ""),
        ("streams/arguments%3F", {}, ""),
        ("streams/arguments%2Fabc", {}, "/abc"),
        ("streams/arguments%2F", {}, "/"),
        ("streams/arguments%2Fa%2Fb%3Fticket=X", {"ticket": "X"}, "/a/b"),
        ("streams/arguments%2Fa b", {}, "/a%20b"),
        ("streams/arguments.http%2Fabc", {}, "/abc"),
        ("streams/arguments%23%3Fticket=X", {}, ""),
        ("streams%2Farguments", {}, ""),
        ("streams%2Farguments%2Fabc%3Fticket=X", {"ticket": "X"}, "/abc"),
        ("streams/arguments?dropped=1", {}, ""),
    ],
)
def test_an_escaped_question_mark_or_slash_hands_over_arguments_and_a_path(
    desk: LocalopsProcess, path: str, given: dict[str, str], rest: str
):
    found = told(desk, path)
    names = {name for name in found if not name.startswith(("__ow_", "STREAM_"))}
    assert {name: found[name] for name in names} == {"input": "x", **given}
    assert found["__ow_path"] == rest


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("streams/missing%3Fticket=X", "not ok (404 Not Found)\nNo web action streams/missing?ticket=X is"),
        ("%3Fstreams/arguments", "not ok (404 Not Found)"),
        ("streams/arguments%2500", "not ok (404 Not Found)"),
        ("streams/" + "x" * 300, "not ok (404 Not Found)"),
        ("streams%2F%2Farguments", "not ok (404 Not Found)"),
        ("streams/arguments%25zz", "The address cannot be passed on: '%' is not allowed in it."),
        ("streams/arguments%00", "The address cannot be passed on: '\\x00' is not allowed in it."),
        ("streams/arguments%3F__ow_user=root", "not ok (400 Bad Request)\nRequest defines parameters"),
    ],
)
def test_an_address_that_names_no_action_is_refused_with_a_sentence(
    desk: LocalopsProcess, path: str, text: str
):
    answer = httpx.post(f"{desk.url}/web/devel/{path}", json={}, timeout=TIMEOUT_S)
    assert answer.status_code == 500
    assert answer.text.startswith(text)


def test_a_head_request_runs_the_action_and_gets_the_headers(desk: LocalopsProcess, api_key: str):
    answer = httpx.head(f"{desk.url}/web/devel/cases/streams", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    desk.wait_for_line("cases/streams success")
    headers = {"authorization": f"Bearer {api_key}"}
    url = f"{desk.url}/action/devel/streams/private"
    assert httpx.head(url, headers=headers, timeout=TIMEOUT_S).status_code == 200
    assert httpx.head(f"{desk.url}/web/devel/cases/missing", timeout=TIMEOUT_S).status_code == 500


@pytest.mark.parametrize(
    ("accept", "status", "text"),
    [("*/*", 200, ""), ("text/html", 500, "not ok (406 Not Acceptable)\nthe action streams/steps answered")],
)
def test_a_body_that_a_reader_does_not_accept_is_refused_before_the_stream(
    desk: LocalopsProcess, accept: str, status: int, text: str
):
    steps = {"steps": [["answer", {"body": {"a": 1}}]]}
    url = f"{desk.url}/web/devel/streams/steps"
    answer = httpx.post(url, json=steps, headers={"accept": accept}, timeout=TIMEOUT_S)
    assert answer.status_code == status
    assert answer.text.startswith(text)


SENDS = """import socket
def main(args):
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"]))) as relay:
        relay.sendall(b'{"output": "hi"}')
"""


def test_an_action_in_no_package_streams_at_both_addresses(desk: LocalopsProcess, api_key: str):
    cloud = cloud_of(desk.url, desk.project)
    with cloud.session:
        cloud.deploy("alone", SENDS, annotations=WEB)
        for path in ("web/devel/alone", "web/devel/default/alone"):
            assert httpx.post(f"{desk.url}/{path}", timeout=TIMEOUT_S).text == '{"output": "hi"}\n'
        assert outputs(private(desk, f"Bearer {api_key}", "alone").text) == "hi"
        assert cloud.call("DELETE", "actions/alone").status_code == 200


@pytest.fixture(scope="module")
def reframing() -> Iterator[LocalopsProcess]:
    with LocalopsProcess("--reframe", project=EXAMPLES) as process:
        yield process


def test_reframing_sends_each_object_on_a_line_of_its_own(reframing: LocalopsProcess):
    sent = '{"output": "a"}{"output": "b"}\n\n{"output": "' + "x" * 5000 + '"}text'
    answer = act(reframing, ["connect", None], ["send", sent])
    texts = [json.loads(line)["output"] for line in answer.text.splitlines()]
    assert texts == ["a", "b", "x" * 5000, "text"]


def test_reframing_does_not_hide_what_production_would_do(reframing: LocalopsProcess):
    act(reframing, ["connect", None], ["send", "text"])
    assert reframing.wait_for_line("warning: streams/steps sent text that is not a JSON object")


def test_a_stream_needs_what_its_action_requires(desk: LocalopsProcess, api_key: str):
    url = f"{desk.url}/web/devel/streams/guarded"
    answer = httpx.post(url, json={}, timeout=TIMEOUT_S)
    assert answer.status_code == 500
    assert answer.text.startswith("not ok (401 Unauthorized)\nAuthentication is possible but has failed")
    headers = {"x-require-whisk-auth": "open-sesame"}
    assert outputs(httpx.post(url, json={}, headers=headers, timeout=TIMEOUT_S).text) == "None"
    user, _, key = api_key.partition(":")
    answer = httpx.post(url, json={}, headers=headers, auth=(user, key), timeout=TIMEOUT_S)
    assert outputs(answer.text) == "devel"
