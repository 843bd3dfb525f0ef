"""Whatever production would hang on, crash on, lose or cut is reported once, and harms nobody."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess

STEPS = ROOT / "tests" / "examples" / "packages" / "streams" / "steps.py"
CONNECT = ["connect", None]
ONE = ["send", '{"output": "one"}']
PAUSE = ["sleep", 0.1]
TRIES = 5
FAILING: list[tuple[str, list[Any], str]] = [
    ("never_connects", [], "ended without connecting; production lets the reader wait for ever. Connect to"),
    ("never_closes", [CONNECT, ONE, ["keep open", None]], "ended and left its connection open; production"),
    ("fails_late", [CONNECT, ONE, ["close", None], ["fail", "oops"]], "failed after its stream had ended;"),
    ("crashes_late", [CONNECT, ONE, PAUSE, ["exit", 3]], "failed after its stream had ended;"),
    (
        "refuses_late",
        [CONNECT, ONE, ["answer", {"statusCode": 500, "body": "no"}]],
        "answered a status other than 2xx after its stream had ended; this ends",
    ),
    ("returns_body", [CONNECT, ONE, ["answer", {"body": {"output": "one"}}]], "returned a body after it had"),
    ("returns_text", [CONNECT, ONE, ["answer", {"body": "one"}]], "returned a body after it had streamed;"),
    (
        "returns_body_late",
        [CONNECT, ONE, ["close", None], PAUSE, ["answer", {"body": [1], "statusCode": 201}]],
        "returned a body after it had streamed; to a reader whose `Accept` excludes the type of that body "
        "OpenWhisk answers 406, and this ends production's streamer for everybody who is using it. Return "
        '{"statusCode": 204} and no body whenever STREAM_HOST is among the arguments.',
    ),
    (
        "returns_error_body",
        [CONNECT, ONE, ["answer", {"error": {"body": "one"}}]],
        "returned a body after it had streamed; to",
    ),
    ("second", [CONNECT, ONE, CONNECT, ONE], "connected a second time; production drops"),
    ("second_after", [CONNECT, ONE, ["close", None], PAUSE, CONNECT, ONE], "connected a second time;"),
    ("long", [CONNECT, ["send", json.dumps({"output": "x" * 2048})]], "sent a message of more than 2048"),
    ("fast", [CONNECT, ["send", '{"output": "a"}{"output": "b"}']], "sent messages faster than production"),
    ("text", [CONNECT, ["send", "just text"]], "sent text that is not a JSON object; readers"),
    ("newline", [CONNECT, ["send", '{"output": "a"}\n']], "sent a raw line break; readers that go by lines"),
    ("unfinished", [CONNECT, ["send", '{"output": "a']], "closed its connection in the middle of a message;"),
    (
        "hidden",
        [CONNECT, ["send", '{"state": "s"}'], PAUSE, ONE],
        "sent a message without `output` before text; `ops ai` shows nothing that comes after",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide an action of its own for each rule, since a rule is reported once for each action."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "packages" / "rules").mkdir(parents=True)
    for name in ("good", "twice", "body", "limited", *(name for name, _, _ in FAILING)):
        text = STEPS.read_text().replace("#--web true", "#--web true\n#--timeout 5000")
        (folder / "packages" / "rules" / f"{name}.py").write_text(
            text if name == "limited" else STEPS.read_text()
        )
    return folder


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project) as process:
        yield process


def stream(running: LocalopsProcess, action: str, steps: list[Any]) -> httpx.Response:
    return httpx.post(f"{running.url}/web/devel/rules/{action}", json={"steps": steps}, timeout=60)


@pytest.mark.parametrize(("action", "steps", "sentence"), FAILING)
def test_a_broken_rule_is_reported_with_the_action_and_the_remedy(
    running: LocalopsProcess, action: str, steps: list[Any], sentence: str
):
    warning = f"warning: rules/{action} {sentence}"
    # What came while localops was kept from running is not held against the sender: then it sends again.
    ids: list[str] = []
    for _ in range(TRIES):
        answer = stream(running, action, steps)
        assert answer.status_code == 200
        ids.append(answer.headers["x-openwhisk-activation-id"])
        with contextlib.suppress(AssertionError):
            told = running.wait_for_line(warning).partition("warning: ")[2]
            assert told in inspected(running, ids)
            return
    pytest.fail(f"no {warning!r} in:\n" + "\n".join(running.log))


def inspected(running: LocalopsProcess, ids: list[str]) -> list[str]:
    """Return the warnings that the inspector shows beside these activations."""
    urls = [f"{running.url}/_localops/api/activations/{id}" for id in ids]
    return [text for url in urls for text in httpx.get(url, timeout=60).json()["warnings"]]


def test_a_time_limit_that_cuts_a_stream_is_reported(running: LocalopsProcess):
    sent, words = stream(running, "limited", [CONNECT, ONE, ["sleep", 30]]).text.splitlines()
    assert sent == '{"output": "one"}'
    assert "exceeded its time limits of 5000 milliseconds" in json.loads(words)["output"]
    assert "#--timeout" in running.wait_for_line("warning: rules/limited was ended at its time limit")


def test_a_rule_is_reported_once_for_an_action_until_it_is_edited(running: LocalopsProcess, project: Path):
    def sentences() -> int:
        return sum("rules/twice sent text that is not" in line for line in running.log)

    for _ in range(3):
        stream(running, "twice", [CONNECT, ["send", "text"]])
    stream(running, "twice", [CONNECT, ["send", '{"output": "a"}\n']])
    running.wait_for_line("warning: rules/twice sent a raw line break")
    assert sentences() == 1
    (project / "packages" / "rules" / "twice.py").write_text(STEPS.read_text() + "# edited\n")
    running.wait_for_line("deployed: rules/twice")
    stream(running, "twice", [CONNECT, ["send", "text"]])
    running.wait_for_line("warning: rules/twice sent text")
    assert sentences() == 2


def test_a_returned_body_is_reported_once_and_harms_nobody_here(
    running: LocalopsProcess,
):
    steps = [CONNECT, ONE, ["answer", {"body": {"output": "one"}}]]
    for accept in ("*/*", "application/json", "text/event-stream", "text/html"):
        for _ in range(2):
            answer = httpx.post(
                f"{running.url}/web/devel/rules/body", json={"steps": steps}, headers={"accept": accept}
            )
            assert (answer.status_code, answer.text) == (200, '{"output": "one"}\n')
    running.wait_for_line("warning: rules/body returned a body")
    stream(running, "body", [["answer", {"statusCode": 204}]])
    running.wait_for_line("rules/body ended without connecting")
    assert sum("rules/body returned a body" in line for line in running.log) == 1


def test_a_good_stream_gets_no_warning(running: LocalopsProcess):
    steps = [CONNECT, *[["send", '{"output": "x"}'], ["sleep", 0.05]] * 20, ["send", '{"state": "s"}']]
    for answer in ({"statusCode": 204}, {}, {"body": ""}, {"body": None, "statusCode": 200}):
        assert stream(running, "good", [*steps, ["answer", answer]]).status_code == 200
    stream(running, "fast", [])
    running.wait_for_line("rules/fast ended without connecting")
    assert [line for line in running.log if "rules/good" in line and "warning" in line] == []
