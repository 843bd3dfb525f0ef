"""Waiting for what another process brings about: with a deadline that no busy machine reaches."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 60
LOOK_AGAIN_S = 0.02


def eventually(holds: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Whether something holds before the time is over."""
    deadline = time.monotonic() + timeout_s
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_S)
    return held
