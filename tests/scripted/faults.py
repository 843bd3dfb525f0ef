"""The faults that an answer can have on the wire.

Places are counted in lines of NDJSON or events of SSE that were sent before: `after=0` is before the first
one, `after=None` just before what ends the answer (the line with `done`, the event with `finish_reason`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from localops.ollama.wire import dumps


@dataclass(frozen=True)
class Status:
    """Another answer altogether, such as a proxy gives.

    Attributes:
        body: an object is sent as JSON, a text as HTML.
    """

    status: int
    body: dict[str, Any] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Fails:
    """The engine breaks: a status before the first line, else a line with `error` and no `done`."""

    message: str = "an error was encountered while running the model: unexpected EOF"
    after: int = 0
    status: int = 500


@dataclass(frozen=True)
class Insert:
    """Bytes that do not belong: a blank line, garbage, a second object."""

    data: bytes
    after: int | None = 0


@dataclass(frozen=True)
class End:
    """The answer ends in good order, but too early."""

    after: int | None = None


@dataclass(frozen=True)
class Fin:
    """The connection ends in the middle of a chunk, in the middle of a line."""

    after: int | None = 0


@dataclass(frozen=True)
class Reset:
    """The connection is reset."""

    after: int | None = 0


@dataclass(frozen=True)
class Stall:
    """Nothing more comes, and the connection stays open.

    Attributes:
        seconds: after which it goes on; None is never.
    """

    after: int | None = 0
    seconds: float | None = None


@dataclass(frozen=True)
class RepeatEnd:
    """The end of the answer is sent twice."""


@dataclass(frozen=True)
class Slice:
    """Every write has so many bytes at most, wherever that cuts: inside UTF-8, inside JSON."""

    size: int


Fault: TypeAlias = Status | Fails | Insert | End | Fin | Reset | Stall | RepeatEnd | Slice


def error_line(message: str, after: int | None = 0) -> tuple[Insert, End]:
    """Return an `error` line with status 200 and the end of the answer, as servers before 0.12.6 do."""
    return Insert(dumps({"error": message}) + b"\n", after), End(after)
