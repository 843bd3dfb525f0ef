"""A process that is killed in the middle of an answer: a sentence, an end, and the next request works."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cloud import Cloud, cloud_of
from localops_process import ROOT, LocalopsProcess
from process_figures import children, needs_proc, open_files
from waiting import eventually

TIMEOUT_S = 60
DIED = "the action demo/steps ended in the middle of it (command exited)"
STEPS = ROOT / "tests" / "examples" / "packages" / "streams" / "steps.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "steps.py").write_text(STEPS.read_text())
    return folder


@pytest.fixture
def cloud(running: LocalopsProcess, project: Path) -> Iterator[Cloud]:
    found = cloud_of(running.url, project)
    with found.session:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_left_behind(running: LocalopsProcess) -> Iterator[None]:
    """After a test the next request works, and no process or open file is there that was not before."""
    works(running)
    running.forget_lines()
    before = len(children(running.process.pid)), open_files(running.process.pid)
    yield
    works(running)
    assert eventually(lambda: len(children(running.process.pid)) <= before[0])
    assert eventually(lambda: open_files(running.process.pid) <= before[1])


pytestmark = needs_proc


def works(running: LocalopsProcess) -> None:
    answer = httpx.post(f"{running.url}/api/my/demo/steps", json={"steps": []}, timeout=TIMEOUT_S)
    assert answer.json()["output"] == "done"


def asked(folder: Path, *before: list[object]) -> dict[str, object]:
    """Do these steps, say so, and then nothing more."""
    return {"steps": [*before, ["say", "so far"], ["wait for the file", str(folder / "never")]]}


def kill_the_action(running: LocalopsProcess) -> None:
    running.wait_for_line("demo/steps | so far")
    for child in children(running.process.pid):
        if "child.py" in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(child, signal.SIGKILL)


def test_a_blocking_web_call_ends_with_the_reason(running: LocalopsProcess, tmp_path: Path):
    with ThreadPoolExecutor(1) as pool:
        url = f"{running.url}/api/my/demo/steps"
        call = pool.submit(httpx.post, url, json=asked(tmp_path), timeout=TIMEOUT_S)
        kill_the_action(running)
        answer = call.result(TIMEOUT_S)
    assert answer.status_code == 400
    assert answer.json()["error"] == "There was an error processing your request."
    assert "The action demo/steps failed: command exited" in answer.json()["detail"]


def test_an_invocation_over_rest_ends_with_the_reason(running: LocalopsProcess, cloud: Cloud, tmp_path: Path):
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(cloud.invoke, "demo/steps", asked(tmp_path), blocking=True)
        kill_the_action(running)
        answer = call.result(TIMEOUT_S)
    assert answer.status_code == 502
    assert answer.json()["response"]["status"] == "action developer error"
    assert answer.json()["response"]["result"] == {"error": "command exited"}


def test_a_stream_that_has_not_begun_is_refused_with_the_reason(running: LocalopsProcess, tmp_path: Path):
    with ThreadPoolExecutor(1) as pool:
        url = f"{running.url}/web/devel/demo/steps"
        call = pool.submit(httpx.post, url, json=asked(tmp_path, ["connect", None]), timeout=TIMEOUT_S)
        kill_the_action(running)
        answer = call.result(TIMEOUT_S)
    assert answer.status_code == 500
    assert "the action demo/steps failed: command exited" in answer.text


def test_a_stream_ends_with_what_came_and_a_sentence(running: LocalopsProcess, tmp_path: Path):
    url, first = f"{running.url}/web/devel/demo/steps", json.dumps({"output": "so far"})
    body = asked(tmp_path, ["connect", None], ["send", first])
    with httpx.stream("POST", url, json=body, timeout=TIMEOUT_S) as answer:
        lines = answer.iter_lines()
        assert next(lines) == first
        kill_the_action(running)
        (words,) = lines
    assert DIED in json.loads(words)["output"]
    # Told once for the action, whichever of these tests came first.
    assert eventually(
        lambda: any("demo/steps failed after its stream had ended" in line for line in running.log)
    )


def test_a_stream_that_was_whole_is_told_nothing_when_its_action_is_killed_later(
    running: LocalopsProcess, tmp_path: Path
):
    url, text = f"{running.url}/web/devel/demo/steps", json.dumps({"output": "whole"})
    body = asked(tmp_path, ["connect", None], ["send", text], ["close", None])
    assert httpx.post(url, json=body, timeout=TIMEOUT_S).text == text + "\n"
    kill_the_action(running)
    running.wait_for_line("demo/steps action developer error")


def test_all_streams_of_many_killed_actions_end_with_a_sentence(running: LocalopsProcess, tmp_path: Path):
    url, text = f"{running.url}/web/devel/demo/steps", json.dumps({"output": "so far"})
    body = asked(tmp_path, ["connect", None], ["send", text])
    with contextlib.ExitStack() as stack:
        each = [
            stack.enter_context(httpx.stream("POST", url, json=body, timeout=TIMEOUT_S)).iter_lines()
            for _ in range(20)
        ]
        assert [next(lines) for lines in each] == [text] * len(each)
        for child in children(running.process.pid):
            os.kill(child, signal.SIGKILL)
        assert all(DIED in json.loads(words)["output"] for lines in each for words in lines)
