"""How fast localops starts, calls actions, and follows an edit."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from bench.desk import ANSWERS, Desk
from bench.errors import BenchError
from bench.figure import Figure, percentile
from bench.target import Target

_STARTS = 10
_WARM_CALLS = 1000
_COLD_STARTS = 100
_EDITS = 20
_MAX_WAIT_S = 5.0
_IMPORT = "import time; t = time.perf_counter(); import requests; print(1000 * (time.perf_counter() - t))"


def measure(target: Target) -> Iterator[Figure]:
    """Start localops some times; on the last one call and edit actions."""
    starts_ms: list[float] = []
    for _ in range(target.share(_STARTS, least=3)):
        with Desk() as desk:
            starts_ms.append(1000 * desk.ready_s)
    yield Figure("second `up`: process start to `ready`, p50", median(starts_ms), "ms", 500)
    cold_starts = target.share(_COLD_STARTS, least=10)
    with Desk(cold_starts) as desk:
        caller = _Caller(desk.port)
        yield from _warm(caller, target.share(_WARM_CALLS, least=100))
        yield from _cold(caller, cold_starts)
        yield from _edits(desk, caller, target.share(_EDITS, least=5))
        yield Figure("memory of localops itself after all that", desk.memory_mb(), "MB", 80)


class _Caller:
    """One client that keeps its connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def call(self, action: str) -> tuple[int, object, float]:
        """Return status, decoded body and milliseconds of one call."""
        begun_s = time.perf_counter()
        self.connection.request("POST", f"/api/my/bench/{action}")
        response = self.connection.getresponse()
        body = json.loads(response.read())
        return response.status, body, 1000 * (time.perf_counter() - begun_s)


def _warm(caller: _Caller, calls: int) -> Iterator[Figure]:
    caller.call("hello")
    took_ms = [caller.call("hello")[2] for _ in range(calls)]
    yield Figure("warm web action, one client, p50", median(took_ms), "ms", 3)
    yield Figure("warm web action, one client, p99", percentile(took_ms, 99), "ms", 10)


def _cold(caller: _Caller, starts: int) -> Iterator[Figure]:
    """Cold starts of actions that import `requests`, in turn with interpreters that only import it."""
    added_ms: list[float] = []
    failed = 0
    for number in range(starts):
        status, _, took_ms = caller.call(f"cold{number}")
        failed += status != 200
        added_ms.append(took_ms - _import_ms())
    yield Figure("cold start of an action, beyond its import of `requests`, p50", median(added_ms), "ms", 60)
    yield Figure(f"cold starts that failed, of {starts} in a row", failed, "", 0)


def _import_ms() -> float:
    command = [sys.executable, "-I", "-B", "-c", _IMPORT]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 - our own words


def _edits(desk: Desk, caller: _Caller, count: int) -> Iterator[Figure]:
    """From saving an action's file until its new code has answered."""
    took_ms: list[float] = []
    for number in range(1, count + 1):
        begun_s = time.perf_counter()
        desk.hello.write_text(ANSWERS.format(number=number))
        while caller.call("hello")[1] != {"answer": number}:
            if time.perf_counter() - begun_s > _MAX_WAIT_S:
                raise BenchError(f"an edit was not served within {_MAX_WAIT_S:g} s")
        took_ms.append(1000 * (time.perf_counter() - begun_s))
    yield Figure("save a file to the new code answering, p99", percentile(took_ms, 99), "ms", 300)
