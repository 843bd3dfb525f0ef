"""What it costs to start an action's process cold, over a bare interpreter with `requests`."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.errors import BenchError
from bench.figure import Figure
from bench.target import Target
from bench.worker import ENVIRONMENT
from localops.openwhisk.entities import Action, Code, LogLine
from localops.runtime.process import ActionProcess

_BAR_MS = 150
_ROUNDS = 20
_PYTHON = (sys.executable, "-I", "-B", "-X", "utf8")
# What `-X importtime` writes: own and cumulative microseconds, and a name that is indented by depth.
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_SHOWN_IMPORTS = 4


def measure(target: Target) -> Iterator[Figure]:
    """Take turns between the action and a bare interpreter that imports `requests`."""
    action_ms, requests_ms, bare_ms = list[float](), list[float](), list[float]()
    for _ in range(target.share(_ROUNDS)):
        action_ms.append(1000 * asyncio.run(_ready_s(target.main_file)))
        requests_ms.append(1000 * run_s("import requests"))
        bare_ms.append(1000 * run_s("pass"))
    added_ms = median(ours - theirs for ours, theirs in zip(action_ms, requests_ms, strict=True))
    yield Figure(
        "cold start of the action over a bare interpreter that imports `requests`, p50",
        added_ms,
        "ms",
        _BAR_MS,
        note="most of it: " + ", ".join(_costly_imports(target.main_file)),
    )
    for name, samples in (
        ("the action, spawn to ready", action_ms),
        ("interpreter and `requests`", requests_ms),
        ("interpreter", bare_ms),
    ):
        yield Figure(f"cold start: {name}, p50", median(samples), "ms")


async def _ready_s(main_file: Path) -> float:
    """Start an action's process as localops does, and give the seconds until it can be called."""
    action = Action("bench", main_file.parent.name, "python:default", Code(main_file, main_file.parent))
    log: list[LogLine] = []
    started_s = time.perf_counter()
    process = await ActionProcess.start(action)
    try:
        outcome = await process.load(main_file.parent, None, {}, log.append)
        ready = time.perf_counter() - started_s
    finally:
        await process.end()
    if outcome.status != "success":
        raise BenchError(f"{main_file} cannot be loaded: {log[-1].text if log else outcome.result}")
    return ready


def run_s(code: str) -> float:
    """Return the seconds that an interpreter takes for a line of code."""
    started_s = time.perf_counter()
    subprocess.run([*_PYTHON, "-c", code], env=ENVIRONMENT, check=True)  # noqa: S603 - our own words
    return time.perf_counter() - started_s


def _costly_imports(main_file: Path) -> list[str]:
    """Name the modules whose own import takes longest, with their milliseconds."""
    code = (
        f"import sys; sys.path.insert(0, {str(main_file.parent)!r}); path = {str(main_file)!r}; "
        "exec(compile(open(path).read(), path, 'exec'), {'__name__': 'main__'})"
    )
    done = subprocess.run(  # noqa: S603 - our own words
        [*_PYTHON, "-X", "importtime", "-c", code],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    modules = sorted(((int(own), name) for own, name in _IMPORT.findall(done.stderr)), reverse=True)
    return [f"{name} {own / 1000:.1f} ms" for own, name in modules[:_SHOWN_IMPORTS]]
