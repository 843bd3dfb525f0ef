"""The console of `up`: one line an event, on standard error; standard output holds only what programs read.

No line shows a secret, whoever wrote it: actions print their arguments, libraries the addresses they call.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

from localops.access.masking import Masking
from localops.terminal_text import harmless


class _MaskingFormatter(logging.Formatter):
    """A formatter of lines and tracebacks: without the secrets it knows, and without escapes of others."""

    masking = Masking([])

    def format(self, record: logging.LogRecord) -> str:
        return harmless(self.masking.text(super().format(record)))


_FORMATTER = _MaskingFormatter("%(asctime)s %(levelmark)s%(message)s", "%H:%M:%S")


def hide(secrets: Iterable[str]) -> None:
    """Keep these values out of every line from now on."""
    _FORMATTER.masking = Masking(secrets)


def set_up() -> None:
    """Send the log of localops to standard error; of libraries, only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATTER)
    handler.addFilter(_mark_level)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("localops").setLevel(logging.INFO)


def _mark_level(record: logging.LogRecord) -> bool:
    record.levelmark = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
    return True
