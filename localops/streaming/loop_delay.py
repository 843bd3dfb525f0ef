"""Measure how far the event loop is behind: what it reads then does not tell when it was sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager

_TICK_S = 0.01


class LoopDelay:
    """The delay of the event loop, by a clock that ticks only while somebody needs it."""

    def __init__(self) -> None:
        self._users = 0
        self._last_tick_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def measuring(self) -> Generator[None]:
        """Let the clock tick inside a `with` block."""
        self._users += 1
        if self._timer is None:
            self._tick()
        try:
            yield
        finally:
            self._users -= 1
            if not self._users and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _tick(self) -> None:
        self._last_tick_s = time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def now_s(self) -> float:
        """Return for how long, beyond a tick, one piece of work kept this process from all others."""
        return max(0.0, time.monotonic() - self._last_tick_s - _TICK_S)
