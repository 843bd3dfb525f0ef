"""Work that goes on beside the server until `up` ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from localops.errors import LocalopsError

log = logging.getLogger("localops.up")


class Background:
    """Pieces of work, each of which fails alone."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._started: list[asyncio.Task[None]] = []

    def start(self, title: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a piece of work.

        Args:
            title: what a person reads when it fails.
        """
        self._started.append(self._tasks.create_task(_on_a_floor(title, work)))

    def cancel(self) -> None:
        """End all of it."""
        for task in self._started:
            task.cancel()


@contextlib.asynccontextmanager
async def background() -> AsyncGenerator[Background]:
    """Lend a Background; all its work ends with the block.

    Raises:
        BaseExceptionGroup: a LocalopsError of some work, which ends the block, and what the block raises.
    """
    async with asyncio.TaskGroup() as tasks:
        found = Background(tasks)
        try:
            yield found
        finally:
            found.cancel()


async def _on_a_floor(title: str, work: Coroutine[Any, Any, None]) -> None:
    """Do some work; a fault is reported once, unless it says that nothing else may go on."""
    try:
        await work
    except LocalopsError:
        raise
    except Exception as error:
        log.exception("%s has ended (%s: %s); everything else goes on", title, type(error).__name__, error)
