"""The command line of the benchmarks."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench
from bench import subjects as subject_modules
from bench.command import MAIN_FILE, Tally, show, subjects
from bench.errors import BenchError
from bench.figure import Figure
from bench.target import Target

ROOT = Path(__file__).parents[2]
TARGET = Target(MAIN_FILE)


def test_list_names_every_subject_with_a_line_of_its_own(capsys: pytest.CaptureFixture[str]):
    assert bench.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(subjects())
    assert set(subjects()) == {module.name for module in pkgutil.iter_modules(subject_modules.__path__)}
    assert all(len(line.split()) > 5 for line in lines)


def test_a_subject_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]):
    assert bench.main(["pace", "speed"]) == 2
    assert "there is no 'speed'" in capsys.readouterr().err


def test_figures_are_printed_as_they_come_and_missed_bars_counted(capsys: pytest.CaptureFixture[str]):
    def measure(_target: Target) -> Iterator[Figure]:
        yield Figure("reached", 1, "ms", 2)
        assert "reached" in capsys.readouterr().out
        yield Figure("missed", 3, "ms", 2)
        yield Figure("told", 4, "ms")

    tally = Tally()
    show("sample", measure, TARGET, tally)
    assert (tally.line(), tally.good) == ("1 bar missed", False)
    printed = capsys.readouterr().out
    assert "MISSED" in printed
    assert re.search(r"^  sample: \d+ s$", printed, re.MULTILINE)


def test_a_subject_that_cannot_be_measured_is_not_a_missed_bar_and_says_why(
    capsys: pytest.CaptureFixture[str],
):
    def measure(_target: Target) -> Iterator[Figure]:
        yield Figure("reached", 1, "ms", 2)
        raise BenchError("the model ended")

    tally = Tally()
    show("sample", measure, TARGET, tally)
    assert (tally.line(), tally.good) == ("no bars missed, not measured: sample", False)
    assert "sample could not be measured: the model ended" in capsys.readouterr().out


@pytest.mark.parametrize("sender", [MAIN_FILE, ROOT / "nothing.py"])
def test_the_command_measures_and_its_exit_status_tells(sender: Path):
    done = subprocess.run(
        [sys.executable, "-m", "localops", "bench", "--quick", "cold_import", "--action", str(sender)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert ("could not be measured" in done.stdout) is (sender != MAIN_FILE)
    missed = "MISSED" in done.stdout
    measured = "could not be measured" not in done.stdout
    assert done.returncode == int(missed or not measured)
    bars = "1 bar missed" if missed else "no bars missed"
    assert done.stdout.endswith(f"{bars}\n" if measured else f"{bars}, not measured: cold_import\n")


def test_fuzz_shares_its_time_among_the_tests_that_try_at_random(tmp_path: Path):
    (tmp_path / "test_tries.py").write_text(TRIES)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "localops",
            "bench",
            "fuzz",
            "--minutes",
            "0.01",
            "--seed",
            "7",
            str(tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("2 tests, 0 s each, seed 7\n")
    assert re.search(r"FUZZ_SEED=7 FUZZ_TRY=3 repeats the last one alone", done.stdout)
    assert re.search(r"^ +\d{2,} tries  \S*test_tries\.py::test_good$", done.stdout, re.MULTILINE)


TRIES = """
import pytest
from fuzzing import fuzz

@pytest.mark.fuzz
def test_good(fuzz):
    assert all(random.random() < 1 for random in fuzz)

@pytest.mark.fuzz
def test_bad(fuzz):
    for random in fuzz:
        assert fuzz.number < 3

def test_other():
    raise AssertionError("is not marked")
"""
