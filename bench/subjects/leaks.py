"""What is left of many streams, half of them abandoned in mid-answer: descriptors, processes, memory."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.desk import Desk
from bench.errors import BenchError
from bench.figure import Figure
from bench.streamed import DEADLINE_S, HOST, TAUGHT_SENDER, request, streaming_desk
from bench.target import Target

_STREAMS = 2000
_AT_ONCE = 20
_TOKENS = 40
_RATE = 400
_READ_BYTES = 65536
# Enough to fill what localops keeps on purpose: its history of activations.
_WARM_STREAMS = 1200
# An abandoned stream's process is busy a little longer, so that more are needed than there are readers. Idle
# ones are kept for ten minutes: the start is where there are enough of them.
WARM_AT_ONCE = 2 * _AT_ONCE
_BACK_WITHIN_S = 30.0
# Counts that stay the same for so many looks in a row have come to rest.
_SAME_LOOKS = 10
_LOOK_EVERY_S = 0.1


def measure(target: Target) -> Iterator[Figure]:
    """Count before and after."""
    if not Path("/proc/self/fd").is_dir():
        raise BenchError("descriptors and processes are counted on Linux only")
    with streaming_desk() as desk:
        run(desk, target.share(_WARM_STREAMS), WARM_AT_ONCE)
        yield from left_behind(desk, target.share(_STREAMS))


def left_behind(desk: Desk, streams: int) -> Iterator[Figure]:
    """Return how much more there is after so many streams."""
    descriptors, processes, memory_mb = _settled(desk)
    run(desk, streams, _AT_ONCE)
    name = f"after {streams} streams, half of them abandoned: "
    left = _settled(desk, until=lambda now: now[0] <= descriptors and now[1] <= processes)
    yield Figure(name + "more open descriptors", left[0] - descriptors, "", 0)
    yield Figure(name + "more processes", left[1] - processes, "", 0)
    yield Figure(name + "more memory of localops", left[2] - memory_mb, "MB", 4)


def run(desk: Desk, streams: int, at_once: int) -> None:
    """Make so many requests, so many at a time; every other one leaves after its first bytes."""
    with ThreadPoolExecutor(at_once) as readers:
        for done in [readers.submit(_stream, desk, number % 2 == 1) for number in range(streams)]:
            done.result()


def _stream(desk: Desk, abandon: bool) -> None:
    asked = request(f"/web/devel/bench/{TAUGHT_SENDER}", {"count": _TOKENS, "rate": _RATE})
    with socket.create_connection((HOST, desk.port), DEADLINE_S) as connection:
        connection.sendall(asked)
        data = connection.recv(_READ_BYTES)
        if abandon:
            return
        while part := connection.recv(_READ_BYTES):
            data += part
    if f"<{_TOKENS - 1:05d}>".encode() not in data:
        raise BenchError(f"a stream was cut short: {data[-300:]!r}")


_Counts = tuple[int, int, float]


def _settled(desk: Desk, until: Callable[[_Counts], bool] = lambda _: True) -> _Counts:
    """Return descriptors, children and memory of localops when they rest and, in time, are as hoped for."""
    deadline_s = time.monotonic() + _BACK_WITHIN_S
    last, same = _counts(desk), 0
    while time.monotonic() < deadline_s and not (same >= _SAME_LOOKS and until(last)):
        time.sleep(_LOOK_EVERY_S)
        now = _counts(desk)
        same = same + 1 if now[:2] == last[:2] else 0
        last = now
    return last


def _counts(desk: Desk) -> _Counts:
    pid = desk.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return len(os.listdir(f"/proc/{pid}/fd")), len(children), desk.memory_mb()
