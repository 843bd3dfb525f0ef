"""One measured figure beside the bar that it has to reach, and how both are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_NAME_WIDTH = 78
_VALUE_WIDTH = 12


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        bar: what it has to reach; None when it is told for comparison only.
        at_least: whether more is better; else less is.
        note: what a reader must know to judge it.
    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def ok(self) -> bool:
        """Return whether the bar is reached; where there is none, it always is."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def row(self) -> str:
        """Return one line of the table."""
        bar = (
            f"{'>=' if self.at_least else '<='} {shown(self.bar, self.unit)}" if self.bar is not None else ""
        )
        verdict = "" if self.bar is None else "ok" if self.ok else "MISSED"
        columns = (
            f"{self.name:<{_NAME_WIDTH}}",
            f"{shown(self.value, self.unit):>{_VALUE_WIDTH}}",
            f"{bar:>{_VALUE_WIDTH + 3}}",
            f"{verdict:<6}",
            self.note,
        )
        return "  ".join(columns).rstrip()


def shown(value: float, unit: str) -> str:
    """Write a value as people read it: three digits that count, thousands apart."""
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that at least `percent` of all samples do not exceed (nearest rank).

    No value is invented between samples, so of fewer than 100 samples the 99th is the largest.
    """
    ordered = sorted(samples)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
