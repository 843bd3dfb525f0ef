"""Let so many requests use a model at once; the others wait in the order they came."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from localops.ollama.errors import ServerBusy


class Turns:
    """A queue for each model.

    Args:
        parallel: how many may be served at once by one model.
        max_waiting: how many may wait, for all models together; those after them are refused.
    """

    def __init__(self, parallel: int, max_waiting: int) -> None:
        self._places = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(parallel))
        self._max_waiting = max_waiting
        self._waiting = 0

    @asynccontextmanager
    async def turn(self, model_name: str) -> AsyncGenerator[None]:
        """Wait in silence for a place and hold it.

        Raises:
            ServerBusy: too many wait already.
        """
        places = self._places[model_name]
        if places.locked() and self._waiting >= self._max_waiting:
            raise ServerBusy
        self._waiting += 1
        try:
            await places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            places.release()
