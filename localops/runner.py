"""Invokes actions: finds or starts a process for each call, and ends processes that are out of date.

As in the cloud, one process takes one call at a time and keeps its globals for the next; calls that
overlap get processes of their own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from localops.activations import Activations
from localops.config import USER
from localops.entities import Action, Activation, LogLine
from localops.process import ActionProcess, Outcome

# More processes than this at once wait for one to become free: a bound on memory, not a feature.
MOST_PROCESSES = 256

T = TypeVar("T")


class Runner:
    """Owns all action processes.

    Args:
        api_host: the URL under which actions reach this server.
        api_key: `uuid:secret`, for actions annotated with `provide-api-key`.
    """

    def __init__(self, activations: Activations, api_host: str, api_key: str) -> None:
        self.activations = activations
        self.api_host = api_host
        self.api_key = api_key
        self.idle: dict[tuple[str, str], list[ActionProcess]] = {}
        self.running: set[ActionProcess] = set()
        self.slots = asyncio.Semaphore(MOST_PROCESSES)
        self.tasks: set[asyncio.Task[Any]] = set()
        # A single file runs in an empty folder, so that it cannot import what is not deployed with it.
        self.empty_folder = tempfile.TemporaryDirectory(prefix="localops-")

    def invoke(self, action: Action, arguments: Mapping[str, Any]) -> asyncio.Task[Activation]:
        """Start an activation. It goes on whether or not anybody waits for the task."""
        activation = Activation(action)
        self.activations.begin(activation)
        return self.start_task(self.run(activation, arguments))

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def run(self, activation: Activation, arguments: Mapping[str, Any]) -> Activation:
        async with self.slots:
            outcome = await self.outcome(activation, arguments)
        activation.timed_out = outcome.timed_out
        activation.finish(outcome.status, outcome.result)
        self.activations.end(activation)
        return activation

    async def outcome(self, activation: Activation, arguments: Mapping[str, Any]) -> Outcome:
        def log(line: LogLine) -> None:
            self.activations.add_line(activation, line)

        environment = self.environment(activation)
        process, outcome = await self.process_for(activation, environment, log)
        if outcome.usable:
            outcome = await process.call(arguments, environment, log)
        self.release(process, outcome)
        return outcome

    async def process_for(
        self, activation: Activation, environment: Mapping[str, str], log: Callable[[LogLine], None]
    ) -> tuple[ActionProcess, Outcome]:
        """An idle process of the action, or else a new one with what became of loading its code."""
        action = activation.action
        if waiting := self.idle.get(action.revision):
            process = waiting.pop()
            self.running.add(process)
            return process, Outcome("success", {})
        begun = time.monotonic()
        process = await ActionProcess.start(action)
        self.running.add(process)
        folder = action.code.folder or Path(self.empty_folder.name)
        outcome = await process.load(folder, environment, log)
        activation.cold_ms = int((time.monotonic() - begun) * 1000)
        return process, outcome

    def release(self, process: ActionProcess, outcome: Outcome) -> None:
        """Keep a process for the next call, or end it."""
        self.running.discard(process)
        idle = self.idle.get(process.action.revision)
        if outcome.usable and idle is not None:
            idle.append(process)
        else:
            self.start_task(process.end())

    def environment(self, activation: Activation) -> dict[str, str]:
        """The `__OW_` variables of one activation. Source: openserverless-runtimes openwhisk/run handler."""
        action = activation.action
        variables = {
            "__OW_API_HOST": self.api_host,
            "__OW_NAMESPACE": USER,
            "__OW_ACTION_NAME": f"/{USER}/{action.path}",
            "__OW_ACTION_VERSION": action.version,
            "__OW_ACTIVATION_ID": activation.id,
            "__OW_TRANSACTION_ID": activation.id,
            "__OW_DEADLINE": str(activation.start_ms + action.limits.timeout_ms),
        }
        if action.annotations.get("provide-api-key") is True:
            variables["__OW_API_KEY"] = self.api_key
        return variables

    def keep_only(self, actions: Iterable[Action]) -> None:
        """Prepare for exactly these versions; processes of any other end now, or after their call."""
        current = {action.revision for action in actions}
        for revision in set(self.idle) - current:
            for process in self.idle.pop(revision):
                self.start_task(process.end())
        for revision in current:
            self.idle.setdefault(revision, [])

    async def close(self) -> None:
        """End every process at once."""
        self.keep_only([])
        for process in self.running:
            process.kill()
        while self.tasks:
            await asyncio.gather(*self.tasks)
        self.empty_folder.cleanup()
