"""The ranges of an action's limits.

Source: apache/openwhisk TimeLimit.scala, MemoryLimit.scala, LogLimit.scala, IntraConcurrencyLimit.scala.
"""

from __future__ import annotations

from dataclasses import dataclass

from localops.errors import RequestError
from localops.openwhisk.request_content import Content, malformed


@dataclass(frozen=True)
class _Bound:
    """The range of one limit.

    Attributes:
        field: its name in Limits; "" when nothing here depends on it.
        words: what OpenWhisk calls it, with the number and with a unit.
    """

    field: str
    malformed: str
    least: int
    most: int
    words: tuple[str, str]


BOUNDS = {
    "timeout": _Bound(
        "timeout_ms", "time limit", 100, 300_000, ("duration {} milliseconds", "{} milliseconds")
    ),
    "memory": _Bound("memory_mb", "memory limit", 128, 512, ("memory size {} MB", "{} MB")),
    "logs": _Bound("logs_mb", "log limit", 0, 10, ("log size {} MB", "{} MB")),
    "concurrency": _Bound("", "concurrency limit", 1, 1, ("concurrency {}", "{}")),
}


def read_limits(content: Content | None) -> dict[str, int]:
    """Return the limits that a PUT names, by their name in Limits."""
    found: dict[str, int] = {}
    for name, bound in BOUNDS.items():
        value = content.members.get(name) if content else None
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise malformed(f"{bound.malformed} malformed")
        _refuse_outside(value, bound)
        if bound.field:
            found[bound.field] = value
    return found


def _refuse_outside(value: int, bound: _Bound) -> None:
    given, allowed = bound.words
    if value > bound.most:
        raise RequestError(
            400, f"{given.format(value)} exceeds allowed threshold of {allowed.format(bound.most)}"
        )
    if value < bound.least:
        raise RequestError(
            400, f"{given.format(value)} below allowed threshold of {allowed.format(bound.least)}"
        )
