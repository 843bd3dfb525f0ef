"""However the tests are started, none of them waits for ever, and what did not come is named."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from child_process import child
from waiting import PATIENCE_S, ended, in_time

ROOT = Path(__file__).parent.parent
ENDLESS = [sys.executable, "-c", "import time\nwhile True: time.sleep(60)"]
SENDS_SIGINT = "tests/localops/ollama/test_process.py::test_a_signal_ends_it_in_the_middle_of_a_stream"
HANGS = "import threading\n\ndef test_that_hangs():\n    threading.Event().wait(600)\n"


def test_what_comes_is_returned_and_what_is_raised_is_raised():
    assert in_time(lambda: "here", "a word") == "here"
    with pytest.raises(TimeoutError, match="of its own"):
        in_time(timed_out, "a word")


def timed_out() -> None:
    raise TimeoutError("of its own")


def test_what_does_not_come_is_named():
    never = threading.Event()
    with pytest.raises(AssertionError, match=r"^the last line did not come within 0\.01 s$"):
        in_time(lambda: never.wait(PATIENCE_S), "the last line", 0.01)
    thread = threading.Thread(target=never.wait, args=(PATIENCE_S,), name="reader of lines")
    thread.start()
    with pytest.raises(AssertionError, match="the thread 'reader of lines' has not ended"):
        ended(thread, 0.01)
    never.set()
    ended(thread)


def test_a_process_that_does_not_end_by_itself_ends_with_its_block():
    with pytest.raises(AssertionError, match="as in a test"), child(ENDLESS) as process:
        raise AssertionError("as in a test")
    assert process.returncode == -signal.SIGKILL


def run_tests(*words: str) -> subprocess.CompletedProcess[str]:
    """Run tests as a script does that starts them with `&`: with SIGINT ignored."""
    return subprocess.run(
        [sys.executable, "-c", STARTED_WITH_AMPERSAND, *words, "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )


STARTED_WITH_AMPERSAND = """import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])
"""


@pytest.mark.parametrize("side_by_side", [["-n", "0"], ["-n", "1"]], ids=" ".join)
def test_tests_that_send_an_interrupt_work_where_it_is_ignored(side_by_side: list[str]):
    done = run_tests(SENDS_SIGINT, *side_by_side)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("side_by_side", [["-n", "0"], ["-n", "1"]], ids=" ".join)
def test_a_test_that_hangs_fails_with_its_name_and_its_place(tmp_path: Path, side_by_side: list[str]):
    (tmp_path / "test_endless.py").write_text(HANGS)
    options = ["-c", str(ROOT / "pyproject.toml"), "-o", "timeout=1"]
    done = run_tests(*options, *side_by_side, str(tmp_path / "test_endless.py"))
    assert done.returncode == 1, done.stdout
    assert "test_that_hangs" in done.stdout
    assert "Timeout (>1.0s)" in done.stdout
    assert "threading.Event().wait(600)" in done.stdout


def test_every_test_has_a_time_limit(pytestconfig: pytest.Config):
    assert 0 < float(pytestconfig.getini("timeout")) <= 600
