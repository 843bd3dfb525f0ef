"""Load models on demand, and unload them when their `keep_alive` has passed.

Source: ollama server/sched.go.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine
from typing import Any

from localops.ollama.engine import Engine
from localops.ollama.model import Model

_FAR_FUTURE_NS = 10 * 365 * 86_400 * 1_000_000_000


class Residency:
    """Loads and unloads an engine's models.

    Args:
        max_loaded: how many may be loaded at once; for one more the idle one that would leave first leaves.
    """

    def __init__(self, engine: Engine, max_loaded: int) -> None:
        self._engine = engine
        self._max_loaded = max_loaded
        self._room = asyncio.Condition()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._expires_ns: dict[str, int] = {}
        self._users: dict[str, int] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def hold(self, model: Model, num_ctx: int | None) -> int:
        """Make a model ready and keep it so until `release`; return the nanoseconds it took.

        Where as many models as may be are loaded and all are at work, it waits for one of them to end.

        Raises:
            EngineFailure: it cannot be loaded; nothing is held.
        """
        started_ns = time.perf_counter_ns()
        async with self._room:
            if not self._engine.context_loaded(model):
                await self._make_room()
            await self._engine.load(model, num_ctx)
            self._users[model.name] = self._users.get(model.name, 0) + 1
        self._forget_timer(model)
        return time.perf_counter_ns() - started_ns

    def release(self, model: Model, keep_alive_s: float) -> None:
        """End a `hold`; the model is unloaded so many seconds after its last user left."""
        self._users[model.name] -= 1
        self._forget_timer(model)
        lasting_ns = _FAR_FUTURE_NS if math.isinf(keep_alive_s) else round(keep_alive_s * 1e9)
        self._expires_ns[model.name] = time.time_ns() + lasting_ns
        if not math.isinf(keep_alive_s):
            loop = asyncio.get_running_loop()
            self._timers[model.name] = loop.call_later(keep_alive_s, self._expire, model)
        if not self._users[model.name]:
            self._in_background(self._tell_of_room())

    async def unload(self, model: Model) -> None:
        """Unload a model that nobody uses."""
        self._forget_timer(model)
        await self._engine.unload(model)

    def loaded(self) -> list[tuple[Model, int, int]]:
        """Return each loaded model, its context length and when it is unloaded, longest life first."""
        never_ns = time.time_ns() + _FAR_FUTURE_NS  # loaded at the start, not used yet
        rows = [
            (model, self._engine.context_loaded(model), self._expires_ns.get(model.name, never_ns))
            for model in self._engine.models
            if self._engine.context_loaded(model)
        ]
        return sorted(rows, key=lambda row: row[2], reverse=True)

    def _expire(self, model: Model) -> None:
        self._in_background(self._unload_if_idle(model))

    async def _unload_if_idle(self, model: Model) -> None:
        if not self._users.get(model.name):  # somebody may have come since
            await self._engine.unload(model)

    async def _make_room(self) -> None:
        while len(loaded := self.loaded()) >= self._max_loaded:
            idle = [model for model, _, _ in loaded if not self._users.get(model.name)]
            if idle:
                await self.unload(idle[-1])  # the list has the longest life first
            else:
                await self._room.wait()

    async def _tell_of_room(self) -> None:
        async with self._room:
            self._room.notify_all()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _forget_timer(self, model: Model) -> None:
        timer = self._timers.pop(model.name, None)
        if timer is not None:
            timer.cancel()
