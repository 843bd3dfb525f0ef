"""How far the event loop is behind: what it reads then says nothing about when it was sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager

TICK_S = 0.01


class LoopDelay:
    """Measures by a clock that ticks only while somebody needs it."""

    def __init__(self) -> None:
        self.users = 0
        self.last_tick_s = 0.0
        self.timer: asyncio.TimerHandle | None = None

    @contextmanager
    def measuring(self) -> Generator[None]:
        """Let the clock tick inside a `with` block."""
        self.users += 1
        if self.timer is None:
            self.tick()
        try:
            yield
        finally:
            self.users -= 1
            if not self.users and self.timer is not None:
                self.timer.cancel()
                self.timer = None

    def tick(self) -> None:
        self.last_tick_s = time.monotonic()
        self.timer = asyncio.get_running_loop().call_later(TICK_S, self.tick)

    def now_s(self) -> float:
        """For how long, beyond a tick, nothing of this process ran but one piece of work."""
        return max(0.0, time.monotonic() - self.last_tick_s - TICK_S)
