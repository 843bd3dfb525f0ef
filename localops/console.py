"""What `up` prints: one line an event, on standard error; standard output holds only what programs read."""

from __future__ import annotations

import logging
import sys


def set_up() -> None:
    """Send the log of localops to standard error; of libraries, only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelmark)s%(message)s", "%H:%M:%S"))
    handler.addFilter(mark_level)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("localops").setLevel(logging.INFO)


def mark_level(record: logging.LogRecord) -> bool:
    record.levelmark = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
    return True
