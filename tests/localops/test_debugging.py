"""Stopping at a breakpoint of an action, in the terminal of `up`."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from child_process import child
from localops_process import ROOT, LocalopsProcess
from waiting import in_time

from localops.errors import StartError
from localops.runtime.debugging import asked_for

# Its time limit is much shorter than a person is.
STOPS = """#--web true
#--timeout 100
def main(args):
    name = args.get("name")
    print("before", name)
    breakpoint()
    print("after", name)
    return {"body": {"name": name}}
"""
# Makes the terminal on standard input the controlling one, as a shell's is, and becomes the program.
IN_TERMINAL = "import os, sys; os.login_tty(os.dup(0)); os.execv(sys.argv[1], sys.argv[1:])"
PROMPT = "(Pdb) "
DEADLINE_S = 60


class Terminal:
    """A program in a terminal of its own, and what it shows.

    Attributes:
        shown: all of it so far.
    """

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, sys.executable, *words],
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "OLLAMA_HOST": "127.0.0.1:9"},
        )
        os.close(theirs)
        self.shown = ""
        self.seen = 0

    def wait_for(self, text: str, timeout_s: float = DEADLINE_S) -> str:
        """Return what is shown up to and with a text, from where the last wait ended."""
        deadline = time.monotonic() + timeout_s
        while (at := self.shown.find(text, self.seen)) < 0:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no {text!r} in:\n{self.shown}"
            self.shown += os.read(self.ours, 65536).decode()
        begun, self.seen = self.seen, at + len(text)
        return self.shown[begun : self.seen]

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        os.close(self.ours)


def up_words(project: Path, *words: str) -> list[str]:
    return ["-m", "localops", "up", "--no-open", "--port", "0", "--project", str(project), *words]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    (tmp_path / "packages" / "demo" / "stops.py").write_text(STOPS)
    return tmp_path


@pytest.fixture
def terminal(project: Path) -> Iterator[Terminal]:
    terminal = Terminal(*up_words(project, "--debug", "demo/stops"))
    yield terminal
    terminal.close()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def call(terminal: Terminal, callers: ThreadPoolExecutor, name: str) -> Future[httpx.Response]:
    """Call the action, which stops, from another thread."""
    if "ready " not in terminal.shown:
        terminal.wait_for("ready ")
        terminal.wait_for("\n")
    url = re.findall(r"ready (\S+)", terminal.shown)[0]
    return callers.submit(httpx.post, f"{url}/api/my/demo/stops", json={"name": name}, timeout=DEADLINE_S)


def test_a_person_stops_looks_changes_and_goes_on(terminal: Terminal, callers: ThreadPoolExecutor):
    terminal.wait_for("debug: breakpoints of demo/stops stop here; its time and memory are not limited")
    answer = call(terminal, callers, "Ada")
    terminal.wait_for(PROMPT)
    terminal.type("l\n")
    assert 'print("after", name)' in terminal.wait_for(PROMPT)
    terminal.type("p name\n")
    assert "'Ada'" in terminal.wait_for(PROMPT)
    terminal.type("name = 'Grace'\n")
    terminal.wait_for(PROMPT)
    assert not answer.done()
    terminal.type("c\n")
    assert answer.result(DEADLINE_S).json() == {"name": "Grace"}
    terminal.wait_for("demo/stops success")


def test_what_the_action_prints_stays_in_its_log(terminal: Terminal, callers: ThreadPoolExecutor):
    answer = call(terminal, callers, "Ada")
    terminal.wait_for(PROMPT)
    terminal.type("c\n")
    terminal.wait_for("demo/stops | after Ada")
    assert "demo/stops | before Ada" in terminal.shown
    assert answer.result(DEADLINE_S).status_code == 200


def test_an_interrupt_at_the_prompt_reaches_the_debugger_alone(
    terminal: Terminal, callers: ThreadPoolExecutor
):
    answer = call(terminal, callers, "Ada")
    terminal.wait_for(PROMPT)
    # Each comes as soon as the prompt is seen, some therefore before the debugger has begun to read.
    for _ in range(200):
        terminal.type("\x03")
        terminal.wait_for("KeyboardInterrupt")
        terminal.wait_for(PROMPT)
    terminal.type("c\n")
    assert answer.result(DEADLINE_S).status_code == 200


def test_calls_are_looked_at_one_after_the_other(terminal: Terminal, callers: ThreadPoolExecutor):
    first = call(terminal, callers, "first")
    terminal.wait_for(PROMPT)
    second = call(terminal, callers, "second")
    terminal.type("p name\n")
    assert "'first'" in terminal.wait_for(PROMPT)
    terminal.type("c\n")
    assert first.result(DEADLINE_S).json() == {"name": "first"}
    terminal.wait_for(PROMPT)
    terminal.type("p name\n")
    assert "'second'" in terminal.wait_for(PROMPT)
    terminal.type("c\n")
    assert second.result(DEADLINE_S).json() == {"name": "second"}


def test_an_interrupt_after_a_breakpoint_ends_up(terminal: Terminal, callers: ThreadPoolExecutor):
    answer = call(terminal, callers, "Ada")
    terminal.wait_for(PROMPT)
    terminal.type("c\n")
    assert answer.result(DEADLINE_S).status_code == 200
    terminal.type("\x03")
    assert terminal.process.wait(DEADLINE_S) == 0


def test_the_edited_code_is_what_is_debugged(terminal: Terminal, callers: ThreadPoolExecutor, project: Path):
    call(terminal, callers, "Ada")
    terminal.wait_for(PROMPT)
    terminal.type("c\n")
    terminal.wait_for("demo/stops success")
    edited = STOPS.replace('print("after", name)', 'name = "edited"')
    (project / "packages" / "demo" / "stops.py").write_text(edited)
    terminal.wait_for("deployed: demo/stops")
    answer = call(terminal, callers, "Ada")
    terminal.wait_for(PROMPT)
    terminal.type("l\n")
    assert 'name = "edited"' in terminal.wait_for(PROMPT)
    terminal.type("c\n")
    assert answer.result(DEADLINE_S).json() == {"name": "edited"}


def test_without_a_terminal_a_breakpoint_is_passed_with_a_word(project: Path):
    words = up_words(project, "--debug", "demo/stops")
    with child(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "OLLAMA_HOST": "127.0.0.1:9"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with contextlib.ExitStack() as undo:
            undo.callback(process.terminate)
            url = in_time(process.stdout.readline, "the ready line").removeprefix("ready ").strip()
            answer = httpx.post(f"{url}/api/my/demo/stops", json={"name": "Ada"}, timeout=DEADLINE_S)
            assert answer.json() == {"name": "Ada"}
        assert "breakpoint() passed: `up` has no terminal" in in_time(process.stderr.read, "the end of `up`")


def test_a_breakpoint_that_nobody_debugs_says_how_to(project: Path):
    (project / "packages" / "demo" / "stops.py").write_text(STOPS.replace("#--timeout 100\n", ""))
    with LocalopsProcess(project=project) as running:
        assert httpx.post(f"{running.url}/api/my/demo/stops", json={}, timeout=DEADLINE_S).status_code == 400
        assert running.wait_for_line("start localops with: up --debug PACKAGE/ACTION")


@pytest.mark.parametrize(
    ("action", "port", "sentence"),
    [
        (
            "demo/stop",
            None,
            "--debug demo/stop: there is no packages/demo/stop.py and no packages/demo/stop/",
        ),
        (None, 5678, "--debug-port needs an action to debug; name it with --debug PACKAGE/ACTION"),
        (
            "demo/stops",
            5678,
            "--debug-port needs debugpy, which is not installed: `.venv/bin/python -m pip install",
        ),
    ],
)
def test_what_cannot_be_debugged_is_said(project: Path, action: str | None, port: int | None, sentence: str):
    with pytest.raises(StartError, match="debug") as caught:
        asked_for(action, port, project / "packages")
    assert str(caught.value).startswith(sentence)
