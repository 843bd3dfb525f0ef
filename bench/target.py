"""The action that is measured, and how thoroughly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

QUICK = 0.15


@dataclass(frozen=True)
class Target:
    """A target of measurement.

    Attributes:
        main_file: the streaming action that stands for all, since they share their streaming.
        effort: how much of the full measurement is done: 1 is all of it.
    """

    main_file: Path
    effort: float = 1.0

    def share(self, full: int, least: int = 1) -> int:
        """Return what is done of a number that the full measurement does."""
        return max(least, round(full * self.effort))
