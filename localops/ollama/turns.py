"""Who may use the engine now: so many at once, the others wait in the order they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from localops.ollama.errors import ServerBusy


class Turns:
    """A queue for the engine.

    Args:
        parallel: how many may be served at once.
        max_waiting: how many may wait; those after them are refused.
    """

    def __init__(self, parallel: int, max_waiting: int) -> None:
        self._places = asyncio.Semaphore(parallel)
        self._max_waiting = max_waiting
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait in silence for a place and hold it.

        Raises:
            ServerBusy: too many wait already.
        """
        if self._places.locked() and self._waiting >= self._max_waiting:
            raise ServerBusy
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()
