"""The inspector's data: it follows what runs, shows no secret, and runs things again."""

from __future__ import annotations

import base64
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from localops_process import LocalopsProcess

# A busy machine may be slow to start an action; what is right comes long before this.
TIMEOUT_S = 60

CANARY = "canary-7f3e91"
# Shows all it was given, in every way that there is.
TELLTALE = """#--web true
#--param LOGIN_SECRET "$LOGIN_SECRET"
#--param MASKED_BY_VALUE "$PLAIN_NAME"
#--param GREETING "$GREETING"
#--annotation provide-api-key true
import base64, json, os, socket, sys

def main(args):
    everything = json.dumps([args, dict(os.environ)])
    print(everything)
    print(repr(args), file=sys.stderr)
    print(base64.b64encode(args["LOGIN_SECRET"].encode()).decode())
    if "STREAM_HOST" in args:
        with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"]))) as relay:
            relay.sendall(json.dumps({"output": everything[:900], "token": "canary-7f3e91-result"}).encode())
    if args.get("raise"):
        raise ValueError(everything)
    return {"body": {"all": everything, "token": "canary-7f3e91-result"}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspected")
    package = folder / "packages" / "demo"
    package.mkdir(parents=True)
    (folder / ".env").write_text(
        f"LOGIN_SECRET={CANARY}-env\nPLAIN_NAME={CANARY}-env\nGREETING=over\n"
        f"SERVICE_URL=redis://user:{CANARY}-url@host:1\n"
    )
    (folder / "packages" / ".env").write_text("GREETING=hello\n")
    (package / "telltale.py").write_text(TELLTALE)
    (package / "slow.py").write_text(
        "#--web true\nimport time\ndef main(args):\n    print('begun', flush=True)\n    time.sleep(30)\n"
    )
    return folder


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project, environment={"SOME_API_KEY": f"{CANARY}-os"}) as process:
        yield process


def inspect(running: LocalopsProcess, path: str) -> Any:
    answer = httpx.get(f"{running.url}/_localops/api{path}", timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


def call(running: LocalopsProcess, route: str = "api/my", **members: Any) -> str:
    """Call the telltale action and return the id of its activation."""
    httpx.post(f"{running.url}/{route}/demo/telltale", json=members, timeout=TIMEOUT_S)
    return newest(running)["id"]


def newest(running: LocalopsProcess) -> Any:
    with events(running) as following:
        return following.next("activations")[-1]


class Following:
    """Server-sent events as they come."""

    def __init__(self) -> None:
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()

    def next(self, member: str, accepts: Callable[[Any], bool] = lambda _: True) -> Any:
        deadline_s = time.monotonic() + TIMEOUT_S
        while True:
            try:
                event = self.told.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no event with {member} came within {TIMEOUT_S} s") from None
            if member in event and accepts(event[member]):
                return event[member]


@contextmanager
def events(running: LocalopsProcess) -> Iterator[Following]:
    following = Following()
    with httpx.stream("GET", f"{running.url}/_localops/api/events", timeout=TIMEOUT_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> None:
            try:
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        following.told.put(json.loads(line.removeprefix("data: ")))
            except (httpx.ReadError, httpx.StreamClosed, OSError):
                return

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        yield following


def everything_shown(running: LocalopsProcess) -> str:
    """Return all that the inspector tells, as text."""
    ids = [newest(running)["id"]]
    with events(running) as following:
        first = following.told.get(timeout=TIMEOUT_S)
        ids += [each["id"] for each in first["activations"]]
    logs = httpx.get(f"{running.url}/_localops/api/logs", timeout=TIMEOUT_S).text
    details = [inspect(running, f"/activations/{each}") for each in ids]
    return json.dumps([first, details, inspect(running, "/variables"), inspect(running, "/actions")]) + logs


def test_no_secret_is_shown_anywhere(running: LocalopsProcess, project: Path):
    headers = {"authorization": "Basic " + base64.b64encode(f"user:{CANARY}-basic".encode()).decode()}
    given = {"password": f"{CANARY}-given", "nested": [{"apiKey": f"{CANARY}-nested"}], "input": "visible"}
    for route in ("api/my", "web/devel"):
        for members in (given, {**given, "raise": True}):
            url = f"{running.url}/{route}/demo/telltale"
            httpx.post(
                url, json=members, headers=headers, cookies={"session": f"{CANARY}-cookie"}, timeout=TIMEOUT_S
            )
    shown = everything_shown(running)
    kept = json.loads((project / ".localops" / "credentials.json").read_text())
    secrets = [CANARY, base64.b64encode(CANARY.encode()).decode()[:12], "Y2FuYXJ5"]
    secrets += [kept["password"], kept["s3_secret_key"], *kept["auth"].split(":")]
    assert [secret for secret in secrets if secret in shown] == []
    assert "visible" in shown
    assert "\\u2022" in shown


def test_an_activation_is_told_with_all_there_is(running: LocalopsProcess):
    detail = inspect(running, f"/activations/{call(running, input='hi')}")
    assert (detail["action"], detail["status"], detail["version"]) == ("demo/telltale", "success", "0.0.1")
    assert detail["messages"] is detail["stream"] is None
    arguments = {each["name"]: each for each in detail["arguments"]}
    assert arguments["input"] == {"name": "input", "value": "hi", "origin": "the caller"}
    assert arguments["GREETING"]["value"] == "hello"
    assert arguments["GREETING"]["origin"] == "GREETING from packages/.env (packages/demo/telltale.py)"
    assert arguments["MASKED_BY_VALUE"]["value"] == "•••"
    assert sorted(line["stream"] for line in detail["log"]) == ["stderr", "stdout", "stdout"]
    assert detail["result"]["body"]["token"] == "•••"


def test_a_stream_is_told_message_by_message(running: LocalopsProcess):
    detail = inspect(running, f"/activations/{call(running, 'web/devel', input='hi')}")
    stream = detail["stream"]
    (message,) = stream["messages"]
    assert (stream["count"], stream["reads"], stream["bytes"]) == (1, 1, message["size"])
    assert (message["isObject"], message["cuts"], message["together"]) == (True, 0, 1)
    assert 0 < message["at"] <= stream["ended"]


def test_followers_are_told_of_beginning_lines_and_end(running: LocalopsProcess):
    def of_slow(status: str, lines: int) -> Callable[[Any], bool]:
        def accepts(activations: Any) -> bool:
            return any(
                (each["action"], each["status"], each["lines"]) == ("demo/slow", status, lines)
                for each in activations
            )

        return accepts

    with events(running) as following, httpx.Client() as client:
        following.next("activations")
        with pytest.raises(httpx.TimeoutException):
            client.post(f"{running.url}/api/my/demo/slow", json={}, timeout=1)
        following.next("activations", of_slow("running", 1))


def test_a_change_of_the_project_is_told(running: LocalopsProcess, project: Path):
    file = project / "packages" / "demo" / "broken.py"
    with events(running) as following:
        file.write_text("def main(:\n")
        problems = following.next("problems", lambda problems: bool(problems))
        assert problems == ["demo/broken cannot run: broken.py line 1: invalid syntax"]
        file.write_text("def main(args): return {}\n")
        assert following.next("problems") == []
        file.write_text("#--nonsense\n")
        (problem,) = following.next("problems", lambda problems: bool(problems))
        assert problem.startswith("demo/broken is not deployed: '--nonsense' is not an option")
        file.unlink()
        assert following.next("problems") == []


def test_a_broken_rule_is_told_with_its_activation(running: LocalopsProcess):
    httpx.post(f"{running.url}/web/devel/demo/telltale", json={"raise": True}, timeout=TIMEOUT_S)
    with events(running) as following:
        warnings = following.next("warnings", lambda warnings: bool(warnings))
    (warning,) = [each for each in warnings if "failed after its stream had ended" in each["text"]]
    detail = inspect(running, f"/activations/{warning['activation']}")
    assert detail["warnings"] == [warning["text"]]


def test_replay_runs_the_new_code_with_the_old_arguments(running: LocalopsProcess, project: Path):
    file = project / "packages" / "demo" / "again.py"
    file.write_text(
        "#--web true\n#--param P one\ndef main(args): return {'body': ['old', args['P'], args['x']]}\n"
    )
    running.wait_for_line("deployed: demo/again")
    httpx.post(f"{running.url}/api/my/demo/again", json={"x": 1}, timeout=TIMEOUT_S)
    first = newest(running)["id"]
    file.write_text(
        "#--web true\n#--param P two\ndef main(args): return {'body': ['new', args['P'], args['x']]}\n"
    )
    running.wait_for_line("deployed: demo/again")
    assert replayed(running, first)["result"] == {"body": ["new", "two", 1]}
    file.unlink()
    running.wait_for_line("deployed: demo/again")
    answer = httpx.post(f"{running.url}/_localops/api/activations/{first}/replay", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["error"]) == (
        404,
        "demo/again is no longer deployed, so it cannot run again.",
    )


def replayed(running: LocalopsProcess, id: str) -> Any:
    """Run an activation again and wait for the end."""
    with events(running) as following:
        answer = httpx.post(f"{running.url}/_localops/api/activations/{id}/replay", timeout=TIMEOUT_S)
        assert answer.status_code == 202
        again = answer.json()["id"]
        following.next(
            "activations",
            lambda activations: any(
                each["id"] == again and each["duration"] is not None for each in activations
            ),
        )
    return inspect(running, f"/activations/{again}")


def test_a_stream_is_replayed_as_a_stream(running: LocalopsProcess):
    first = call(running, "web/devel", input="once more")
    detail = replayed(running, first)
    assert detail["stream"]["count"] == 1
    assert {"name": "input", "value": "once more", "origin": "the caller"} in detail["arguments"]


def test_variables_tell_their_layers(running: LocalopsProcess):
    found = {each["name"]: each for each in inspect(running, "/variables")}
    assert (found["GREETING"]["value"], found["GREETING"]["overruled"]) == ("hello", [".env"])
    assert found["LOGIN_SECRET"]["value"] == "•••"
    assert found["SERVICE_URL"]["value"] == "redis://user:•••@host:1"
    assert "SOME_API_KEY" not in found


def test_actions_tell_their_addresses(running: LocalopsProcess):
    found = {each["path"]: each for each in inspect(running, "/actions")}
    telltale, slow = found["demo/telltale"], found["demo/slow"]
    assert telltale["web"] == f"{running.url}/api/my/demo/telltale"
    assert telltale["stream"] == f"{running.url}/web/devel/demo/telltale"
    assert (telltale["canStream"], slow["canStream"]) == (True, False)


def test_an_activation_that_is_not_known_is_said_to_be(running: LocalopsProcess):
    answer = httpx.get(f"{running.url}/_localops/api/activations/nonsense", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["error"]) == (404, "This activation is no longer remembered.")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://elsewhere.example"},
        {"origin": "http://devel.localhost"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "events"), ("GET", "logs"), ("GET", "variables"), ("POST", "activations/x/replay")],
)
def test_a_page_of_another_origin_gets_nothing(
    running: LocalopsProcess, method: str, path: str, headers: dict[str, str]
):
    answer = httpx.request(method, f"{running.url}/_localops/api/{path}", headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_page_is_served_with_its_policy(running: LocalopsProcess):
    answer = httpx.get(f"{running.url}/_localops", follow_redirects=True, timeout=TIMEOUT_S)
    assert answer.url.path == "/_localops/"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors" in policy


def test_who_looks_on_leaves_nothing_open(running: LocalopsProcess):
    def open_descriptors() -> int:
        return len(list(Path(f"/proc/{running.process.pid}/fd").iterdir()))

    inspect(running, "/actions")
    before = open_descriptors()
    port = int(running.url.rpartition(":")[2])
    for path in ("events", "logs?follow") * 3:
        with socket.create_connection(("127.0.0.1", port), 10) as looking:
            looking.sendall(f"GET /_localops/api/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert looking.recv(100).startswith(b"HTTP/1.1 200")
    deadline = time.monotonic() + TIMEOUT_S
    while open_descriptors() > before and time.monotonic() < deadline:
        inspect(running, "/actions")
    assert open_descriptors() <= before
