"""Run the suite's random tries for longer than the suite does, and with other seeds.

    python3 -m localops bench fuzz [--minutes 60] [--seed N] [WORDS OF PYTEST...]

The tests marked `fuzz` share the time; tests/fuzzing.py tells each how long to try. What one finds it names
with the seed and the number of the try; it then becomes a case of its own in the test of what was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from localops.bootstrap import ROOT

# How long a test tries is said here, so nothing else may end it.
_SELECTED = ("-m", "fuzz", "-q", "-p", "no:cacheprovider", "--timeout", "0")


def run(argv: list[str]) -> int:
    """Run one command line; return pytest's exit status."""
    options, words = _parser().parse_known_args(argv)
    names = _tests(words)
    if not names:
        sys.stderr.write("bench fuzz: no test is marked `fuzz` there\n")
        return 2
    seconds = 60 * options.minutes / len(names)
    sys.stdout.write(f"{len(names)} tests, {seconds:.0f} s each, seed {options.seed}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "tries"
        report.touch()
        environment = {"FUZZ_SECONDS": str(seconds), "FUZZ_SEED": options.seed, "FUZZ_REPORT": str(report)}
        status = _pytest(*words, environment=environment).returncode
        for line in report.read_text().splitlines():
            tried = json.loads(line)
            sys.stdout.write(f"{tried['tries']:>9} tries  {tried['test']}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m localops bench fuzz",
        description="Run the tests marked `fuzz` for longer; further words go to pytest.",
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="for all of them together (%(default)g)")
    parser.add_argument("--seed", default=os.urandom(4).hex(), help="where they begin (another each time)")
    return parser


def _tests(words: list[str]) -> list[str]:
    found = _pytest("--collect-only", *words, capture=True).stdout
    return [line for line in found.splitlines() if "::" in line]


def _pytest(
    *words: str, environment: dict[str, str] | None = None, capture: bool = False
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "pytest", *_SELECTED, *words],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        check=False,
        text=True,
        stdout=subprocess.PIPE if capture else None,
    )
