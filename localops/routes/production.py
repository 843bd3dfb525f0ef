"""Warn once of each answer that is better here than in production, so that nobody relies on it."""

from __future__ import annotations

import logging

# Callers choose the paths; beyond so many warnings nobody reads them.
_MAX_TOLD = 100

_log = logging.getLogger("localops.production")


class Differences:
    """Logs each sentence once in a run."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, sentence: str, *values: object) -> None:
        """Log it. A caller may have written the values: they are shown with their escapes."""
        text = sentence % tuple(str(value).encode("unicode_escape").decode() for value in values)
        if text not in self._told and len(self._told) < _MAX_TOLD:
            self._told.add(text)
            _log.info("%s", text)
