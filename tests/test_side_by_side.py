"""The tests may be run in any order and number: what cannot stand beside something else is kept apart."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import side_by_side
from waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent
IN_A_BROWSER = "tests/web/test_settings.py"
OTHERS = ["tests/localops/test_background.py", "tests/localops/ollama/test_queue.py"]


def pytest_says(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_tests_in_a_browser_come_last_in_whatever_order_they_are_named():
    listed = re.findall(r"^(tests/\S+?)::", pytest_says("--collect-only", "-q", IN_A_BROWSER, *OTHERS), re.M)
    assert list(dict.fromkeys(listed)) == [*OTHERS, IN_A_BROWSER]


@pytest.mark.parametrize("number", ["0", "2"])
def test_each_test_runs_once_however_many_run_beside_one_another(number: str):
    said = pytest_says("-n", number, "--dist", "loadscope", "tests/web/test_modules.py", *OTHERS, "-v")
    passed = re.findall(r"^(?:\[gw\d\].*)?(?:PASSED )?(tests/\S+)(?: PASSED)?", said, re.M)
    names = {name for name in passed if "::" in name}
    (count,) = re.findall(r"(\d+) passed", said)
    assert len(names) == int(count)


def test_there_are_at_least_two_processes_and_not_one_for_each_of_many_cores():
    assert (
        side_by_side.MIN_WORKERS <= side_by_side.pytest_xdist_auto_num_workers() <= side_by_side.MAX_WORKERS
    )
