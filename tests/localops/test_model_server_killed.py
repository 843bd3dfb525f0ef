"""The built-in model server is killed in the middle of an answer: a sentence, and the next message works."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess
from process_figures import children, needs_proc
from waiting import eventually

TIMEOUT_S = 120
# A tiny model may have said all it had to say before it is killed.
TRIES = 15
QUESTION = {"input": "Who are you?", "metrics": True}
BROKEN_OFF = "broke off"

pytestmark = needs_proc


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalopsProcess]:
    folder = tmp_path_factory.mktemp("model")
    shutil.copytree(ROOT / "packages", folder / "packages", ignore=shutil.ignore_patterns(".env"))
    with LocalopsProcess(project=folder) as process:
        yield process


def model_servers(running: LocalopsProcess) -> Iterator[int]:
    """Yield the process of the model, if there is one."""
    for child in children(running.process.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if "localops.ollama" in Path(f"/proc/{child}/cmdline").read_text():
                yield child


def kill_the_model(running: LocalopsProcess) -> None:
    found: list[int] = []

    def is_there() -> bool:
        found.extend(model_servers(running))
        return bool(found)

    assert eventually(is_there), running.log
    os.kill(found[0], signal.SIGKILL)


def assert_answers(running: LocalopsProcess) -> None:
    """Check that a whole message is answered, as it is when nobody is killed."""
    answer = httpx.post(f"{running.url}/api/my/chat/stateless", json=QUESTION, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    # Only a model that has said all it had to say tells its figures.
    assert answer.json()["metrics"], answer.text


def killed_in_mid_answer(running: LocalopsProcess) -> str:
    """Return what the chat says when the model dies after the first words."""
    url = f"{running.url}/web/devel/chat/stateless"
    with httpx.stream("POST", url, json=QUESTION, timeout=TIMEOUT_S) as answer:
        lines = answer.iter_lines()
        said = [next(lines)]
        kill_the_model(running)
        said += lines
    return "".join(json.loads(line).get("output", "") for line in said)


def test_a_killed_model_server_costs_one_sentence_and_the_next_message_is_answered(running: LocalopsProcess):
    assert_answers(running)
    said = ""
    for _ in range(TRIES):
        said = killed_in_mid_answer(running)
        assert running.wait_for_line("is started again", TIMEOUT_S)
        assert_answers(running)
        if BROKEN_OFF in said:
            break
    assert BROKEN_OFF in said
    assert "again" in said


def test_a_message_that_comes_while_the_model_server_is_dead_waits_for_the_next_one(running: LocalopsProcess):
    assert_answers(running)
    kill_the_model(running)
    assert_answers(running)
