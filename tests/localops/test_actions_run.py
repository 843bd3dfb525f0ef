"""Actions in their processes, called over HTTP as in production."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from localops_process import LocalopsProcess

FAILED = "There was an error processing your request."
TIMEOUT_S = 60
PRINTS = """#--web true
import sys
def main(args):
    print("to stdout\\n\\nafter a blank line")
    print("to stderr, naïve", file=sys.stderr)
    return {"body": "printed"}
"""


def call(desk: LocalopsProcess, action: str, **members: Any) -> httpx.Response:
    return httpx.post(f"{desk.url}/api/my/cases/{action}", json=members, timeout=TIMEOUT_S)


@pytest.mark.parametrize("path", ["/api/my/cases/echo", "/api/v1/web/devel/cases/echo"])
def test_a_web_action_answers_at_both_addresses(desk: LocalopsProcess, path: str):
    answer = httpx.post(desk.url + path, json={"input": "x"}, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["input"]) == (200, "x")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-openwhisk-activation-id"])


def test_a_page_of_another_origin_may_read_a_404_and_is_told_once_that_production_differs(
    desk: LocalopsProcess,
):
    desk.forget_lines()
    for path in ("/api/my/cases/nobody-wrote-it", "/api/my/cases/nobody-wrote-it", "/api/my/one-part"):
        asked = httpx.post(
            desk.url + path, headers={"origin": "https://elsewhere.example"}, timeout=TIMEOUT_S
        )
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (404, "*")
    desk.wait_for_line(
        "/api/my/one-part is not a web action; in production the page that asked could not even"
    )
    assert len([line for line in desk.log if "nobody-wrote-it is not a web action" in line]) == 1


def test_a_param_line_brings_a_variable_of_the_environment(desk: LocalopsProcess):
    assert call(desk, "echo").json()["GREETING"] == "hello there"


def test_an_action_gets_what_the_request_was(desk: LocalopsProcess):
    url = f"{desk.url}/api/my/cases/echo/a/b?x=1"
    answer = httpx.get(url, headers={"x-mine": "y"}, timeout=TIMEOUT_S).json()
    assert (answer["__ow_method"], answer["__ow_path"], answer["x"]) == ("get", "/a/b", "1")
    assert answer["__ow_headers"]["x-mine"] == "y"


def test_an_action_runs_in_its_own_folder_with_a_clean_environment(desk: LocalopsProcess):
    answer = call(desk, "folder").json()
    assert answer["cwd"] == str(desk.project / "packages" / "cases" / "folder")
    assert answer["sibling"] == "from the same folder"
    assert answer["module"] == "main__"
    names = set(answer["environment"])
    assert {"__OW_API_HOST", "__OW_API_KEY", "__OW_NAMESPACE", "__OW_DEADLINE", "__OW_ACTIVATION_ID"} <= names
    assert not names & {"HOME", "PATH", "GREETING", "OPSDEV_HOST"}


def test_globals_stay_between_calls_of_one_process(desk: LocalopsProcess):
    first, second = (call(desk, "folder").json()["calls"] for _ in range(2))
    assert second == first + 1


def test_what_an_action_prints_is_logged_under_its_name(tmp_path: Path):
    (tmp_path / "packages" / "cases").mkdir(parents=True)
    (tmp_path / "packages" / "cases" / "prints.py").write_text(PRINTS)
    with LocalopsProcess(project=tmp_path) as running:
        assert httpx.post(f"{running.url}/api/my/cases/prints", timeout=TIMEOUT_S).text == "printed"
        running.wait_for_line("cases/prints success")
        printed = [line.partition(" | ")[2] for line in running.log if "cases/prints | " in line]
    assert [line for line in printed if "stderr" not in line] == ["to stdout", "", "after a blank line"]
    assert "to stderr, naïve" in printed


@pytest.mark.parametrize(
    ("action", "status", "error", "detail"),
    [
        ("missing", 404, "The requested resource does not exist.", "packages/cases/missing.py"),
        ("private", 404, "The requested resource does not exist.", "No web action cases/private"),
        ("fails", 400, "Response is not valid 'message/http'.", "ValueError: this action always fails"),
        ("syntax", 400, FAILED, "SyntaxError: '{' was never closed"),
        ("imports", 400, FAILED, "No module named 'a_module_that_does_not_exist'"),
        ("exits", 400, FAILED, "command exited"),
        ("sleeps", 400, FAILED, "exceeded its time limits of 300 milliseconds"),
        ("scalar", 400, FAILED, "did not return a dictionary or array"),
    ],
)
def test_a_failure_is_an_error_with_a_detail_and_the_next_call_works(
    desk: LocalopsProcess, action: str, status: int, error: str, detail: str
):
    answer = call(desk, action)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["code"])
    assert detail in answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert call(desk, "echo").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"{", 400, "malformed"),
        (b'{"GREETING": "mine"}', 400, "parameters that are not allowed"),
        (b"[1, 2]", 200, "[1,2]"),
        (b'{"input": "' + b"x" * 1024 * 1024 + b'"}', 413, "Request larger than allowed: 1048589 > 1048576"),
    ],
)
def test_bad_input_gets_one_clear_sentence(desk: LocalopsProcess, body: bytes, status: int, part: str):
    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{desk.url}/api/my/cases/echo", content=body, headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == status
    assert part in answer.text


def test_calls_that_overlap_run_at_the_same_time(desk: LocalopsProcess, tmp_path: Path):
    with ThreadPoolExecutor(4) as pool:
        each = pool.map(lambda _: call(desk, "waits", folder=str(tmp_path), count=4).json(), range(4))
    assert len({answer["process"] for answer in each}) == 4


def test_a_question_before_a_request_of_another_origin_runs_nothing(desk: LocalopsProcess):
    headers = {"origin": "http://elsewhere", "access-control-request-headers": "x-mine"}
    answer = httpx.options(f"{desk.url}/api/my/cases/echo", headers=headers, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-headers"] == "x-mine"


def test_a_request_for_another_host_name_is_refused(desk: LocalopsProcess):
    answer = httpx.get(f"{desk.url}/api/my/cases/echo", headers={"host": "evil.example"}, timeout=TIMEOUT_S)
    assert answer.status_code == 421


def test_the_actions_are_listed_for_who_has_the_key(desk: LocalopsProcess):
    key = call(desk, "folder").json()["environment"]["__OW_API_KEY"]
    url = f"{desk.url}/api/v1/namespaces/_/actions"
    headers = {"authorization": "Basic " + base64.b64encode(key.encode()).decode()}
    with httpx.Client(timeout=TIMEOUT_S) as client:
        listed = client.get(f"{url}?limit=200", headers=headers).json()
        page = client.get(f"{url}?limit=1&skip=1", headers=headers).json()
        too_many = client.get(f"{url}?limit=201", headers=headers)
        stranger = client.get(url)
    folder = next(each for each in listed if each["name"] == "folder")
    assert folder["namespace"] == "devel/cases"
    assert {"key": "provide-api-key", "value": True} in folder["annotations"]
    assert (len(page), too_many.status_code, stranger.status_code) == (1, 400, 401)
