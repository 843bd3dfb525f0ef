"""Invoke actions: find or start a process for each call, and end processes that are out of date.

As in the cloud, one process takes one call at a time and keeps its globals for the next; calls that
overlap get processes of their own.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from localops.errors import RequirementsError
from localops.openwhisk.entities import Action, Activation, LogLine
from localops.openwhisk.namespace import USER
from localops.runtime.activations import Activations
from localops.runtime.debugging import Debugging, without_limits
from localops.runtime.process import ActionProcess, Outcome
from localops.runtime.requirements import Requirements

# More processes than this at once wait for one to become free: a bound on memory, not a feature.
MAX_PROCESSES = 256
# OpenWhisk's own time for an idle container.
MAX_IDLE_S = 600.0
# Of one action, more processes than these stay idle for a moment only, for the next of many calls at once.
MAX_IDLE = 8
MAX_IDLE_BEYOND_S = 10.0
# Often enough that an action which fills the memory is ended before the machine suffers.
_LOOK_EVERY_S = 0.25

# What an idle process holds here: its two outputs and a socket.
_FILES_A_PROCESS = 3
_NO_FILES = (errno.EMFILE, errno.ENFILE)

T = TypeVar("T")


def _max_idle() -> int:
    """Return how many processes may be idle: they hold at most a quarter of the files that may be open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_PROCESSES if soft == resource.RLIM_INFINITY else max(1, soft // 4 // _FILES_A_PROCESS)


class Runner:
    """The owner of all action processes.

    Args:
        api_host: the URL under which actions reach this server.
        api_key: `uuid:secret`, for actions annotated with `provide-api-key`.
        debugging: what a person debugs, if anything.
        process_variables: returns what every process has in its environment beside the runtime's own.

    Attributes:
        idle: the processes that wait for a call, by the version of their action; the one used last is last.
        running: the processes that have a call, by the id of its activation.
    """

    def __init__(
        self,
        activations: Activations,
        api_host: str,
        api_key: str,
        requirements: Requirements,
        debugging: Debugging | None = None,
        process_variables: Callable[[], Mapping[str, str]] = dict[str, str],
    ) -> None:
        self.activations = activations
        self.api_host = api_host
        self.api_key = api_key
        self.requirements = requirements
        self.debugging = debugging
        self._process_variables = process_variables
        # Calls of an action that is debugged wait for each other: a person looks at one at a time.
        self._debug_turn = asyncio.Lock()
        self.idle: dict[tuple[str, str], list[ActionProcess]] = {}
        self._running: dict[str, ActionProcess] = {}
        self._slots = asyncio.Semaphore(MAX_PROCESSES)
        self.tasks: set[asyncio.Task[Any]] = set()
        # A single file runs in a folder that holds nothing else, so that it cannot import what is not
        # deployed with it; each process has one of its own, where an action may write, as in a container.
        self._own_folders = tempfile.TemporaryDirectory(prefix="localops-")

    def invoke(self, action: Action, arguments: Mapping[str, Any]) -> asyncio.Task[Activation]:
        """Start an activation. It goes on whether or not anybody waits for the task."""
        return self.start(Activation(action, arguments))

    def start(self, activation: Activation) -> asyncio.Task[Activation]:
        """Start an activation that the caller made, to know it before it ends."""
        if self._debugging_of(activation.action):
            activation.action = without_limits(activation.action)
        self.activations.begin(activation)
        return self.start_task(self.run(activation))

    def _debugging_of(self, action: Action) -> Debugging | None:
        """Return how a person debugs an action; None for all others."""
        return self.debugging if self.debugging and self.debugging.is_for(action) else None

    def _turn(self, action: Action) -> AbstractAsyncContextManager[None]:
        return self._debug_turn if self._debugging_of(action) else nullcontext()

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def run(self, activation: Activation) -> Activation:
        async with self._turn(activation.action), self._slots:
            activation.waited_ms = int(time.time() * 1000) - activation.start_ms
            outcome = await self._outcome(activation)
        activation.timed_out = outcome.timed_out
        activation.process_ended = not outcome.usable
        activation.finish(outcome.status, outcome.result)
        self.activations.end(activation)
        return activation

    async def _outcome(self, activation: Activation) -> Outcome:
        def log(line: LogLine) -> None:
            self.activations.add_line(activation, line)

        try:
            process, outcome = await self._process_for(activation, log)
        except RequirementsError as error:
            return Outcome("action developer error", {"error": str(error)})
        except OSError as error:
            text = f"No process could be started for {activation.action.path}: {error}"
            return Outcome("whisk internal error", {"error": text})
        if outcome.usable:
            outcome = await process.call(activation.arguments, self._environment(activation), log)
        self._release(activation, outcome)
        return outcome

    async def _process_for(
        self, activation: Activation, log: Callable[[LogLine], None]
    ) -> tuple[ActionProcess, Outcome]:
        """Return an idle process of the action, or a new one with the outcome of loading its code.

        Raises:
            RequirementsError: the packages that the action asks for cannot be installed.
            OSError: the machine gives no further process.
        """
        action = activation.action
        if process := self._take_idle(action):
            self._running[activation.id] = process
            return process, Outcome("success", {})
        packages = await self.requirements.environment(action.code)
        begun = time.monotonic()
        folder = action.code.folder or Path(tempfile.mkdtemp(dir=self._own_folders.name))
        own_folder = None if action.code.folder else folder
        process = await self._started(action, own_folder)
        self._running[activation.id] = process
        outcome = await process.load(folder, packages, self._environment(activation), log)
        activation.cold_ms = int((time.monotonic() - begun) * 1000)
        return process, outcome

    async def _started(self, action: Action, own_folder: Path | None) -> ActionProcess:
        """Start a process; where the system gives no further files, those of idle ones are given up for it.

        Raises:
            OSError: the machine gives no further process.
        """
        while True:
            try:
                return await ActionProcess.start(action, self._debugging_of(action), own_folder)
            except OSError as error:
                idle = self._take_longest_idle() if error.errno in _NO_FILES else None
                if idle is None:
                    raise
                await idle.end()

    def _take_longest_idle(self) -> ActionProcess | None:
        waiting = [processes for processes in self.idle.values() if processes]
        return min(waiting, key=lambda each: each[0].idle_since_s).pop(0) if waiting else None

    def _take_idle(self, action: Action) -> ActionProcess | None:
        """Return the idle process that was used last, so that the others can grow old and end."""
        waiting = self.idle.get(action.revision, [])
        while waiting:
            process = waiting.pop()
            if process.is_alive():
                return process
            self.start_task(process.end())
        return None

    def _release(self, activation: Activation, outcome: Outcome) -> None:
        """Keep the process of a call for the next one, or end it."""
        process = self._running.pop(activation.id)
        idle = self.idle.get(process.action.revision)
        if outcome.usable and idle is not None:
            process.idle_since_s = time.monotonic()
            idle.append(process)
            if sum(map(len, self.idle.values())) > _max_idle() and (oldest := self._take_longest_idle()):
                self.start_task(oldest.end())
        else:
            self.start_task(process.end())

    def has_lost_process(self, activation: Activation) -> bool:
        """Return whether the process of an activation ended during the call, or is ending now."""
        process = self._running.get(activation.id)
        return activation.process_ended if process is None else process.is_dying()

    def _environment(self, activation: Activation) -> dict[str, str]:
        """Return the variables of one activation. Source: openserverless-runtimes openwhisk/run handler."""
        action = activation.action
        variables = {
            **self._process_variables(),
            "__OW_API_HOST": self.api_host,
            "__OW_NAMESPACE": USER,
            "__OW_ACTION_NAME": f"/{USER}/{action.path}",
            "__OW_ACTION_VERSION": action.version,
            "__OW_ACTIVATION_ID": activation.id,
            "__OW_TRANSACTION_ID": activation.id,
            "__OW_DEADLINE": str(int(time.time() * 1000) + action.limits.timeout_ms),
        }
        if action.is_given_api_key():
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

    async def look_after(self) -> None:
        """End processes that have died, been idle for long or use too much memory, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for process in self._running.values():
                process.kill_if_too_large()
                process.hang_up_if_dead()
            self._end_idle(time.monotonic())

    def _end_idle(self, now_s: float) -> None:
        """End the processes that have been idle for too long; those that were used last stay longest."""
        for waiting in self.idle.values():
            beyond = len(waiting) - MAX_IDLE
            for rank, process in enumerate(list(waiting)):
                longest_s = MAX_IDLE_BEYOND_S if rank < beyond else MAX_IDLE_S
                if process.idle_since_s < now_s - longest_s:
                    waiting.remove(process)
                    self.start_task(process.end())

    async def close(self) -> None:
        """End every process at once."""
        self.keep_only([])
        for process in self._running.values():
            process.kill()
        while self.tasks:
            await asyncio.gather(*self.tasks)
        self._own_folders.cleanup()
