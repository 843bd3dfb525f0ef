"""What is answered better here than in production, told once for each thing, so that nobody relies on it."""

from __future__ import annotations

import logging

# Paths are a caller's to choose; beyond so many nobody reads them.
MOST_TOLD = 100

log = logging.getLogger("localops.production")


class Differences:
    """Tells the console, each sentence once in a run."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    def tell(self, sentence: str, *values: object) -> None:
        """Say it. A caller may have written the values: they are shown with their escapes."""
        text = sentence % tuple(str(value).encode("unicode_escape").decode() for value in values)
        if text not in self.told and len(self.told) < MOST_TOLD:
            self.told.add(text)
            log.info("%s", text)
