"""One child process that runs one action: started once, called many times, one call at a time.

Source of the outcomes and their texts: apache/openwhisk ContainerProxy.scala, ActivationResult.scala,
apache/openserverless-runtimes openwhisk/*.go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localops.openwhisk.entities import Action, LogLine, Status
from localops.reading import json_value
from localops.runtime import linux_process
from localops.runtime.child import MAX_RESULT_BYTES
from localops.runtime.debugging import Debugging
from localops.runtime.log_pipe import LogPipe

# A daemon that an action started may hold its output open for as long as it likes.
_LAST_LINES_S = 1.0
_ENDED_EVERY_S = 0.005
_CHILD = Path(__file__).with_name("child.py")
_HEADER = struct.Struct("!I")
_MAX_ANSWER_BYTES = MAX_RESULT_BYTES + 1024
# The runtime image sets these and nothing else of the machine's environment.
_BASE_ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONIOENCODING": "UTF-8", "__OW_EXECUTION_ENV": "localops"}
_NOT_FOUND_TEXT = "The action failed to generate or locate a binary. See logs for details."
_NOT_STARTED_TEXT = "Cannot start action. Check logs for details."
NOT_A_DICTIONARY_TEXT = "The action did not return a dictionary or array."
_TOO_LARGE_TEXT = "The action produced a response that exceeded the allowed length: {} > {} bytes."
EXITED_TEXT = "command exited"
OUT_OF_MEMORY_TEXT = "The action exhausted its memory and was aborted."


@dataclass(frozen=True)
class Outcome:
    """The end of a call.

    Attributes:
        usable: whether the process can take another call.
    """

    status: Status
    result: Any
    usable: bool = True
    timed_out: bool = False


class ActionProcess:
    """A running child. `start` makes one; `end` ends it and all that it started."""

    def __init__(
        self,
        action: Action,
        process: asyncio.subprocess.Process,
        control: socket.socket,
        debugging: Debugging | None,
        own_folder: Path | None,
    ) -> None:
        assert process.stdout is not None  # noqa: S101 - both are pipes, see start
        assert process.stderr is not None  # noqa: S101
        self.action = action
        self.process = process
        self._control = control
        self._debugging = debugging
        self._own_folder = own_folder
        self._killed = False
        self._too_large = False
        self.idle_since_s = 0.0
        self._pipes = (LogPipe(process.stdout, "stdout"), LogPipe(process.stderr, "stderr"))

    @classmethod
    async def start(
        cls, action: Action, debugging: Debugging | None = None, own_folder: Path | None = None
    ) -> ActionProcess:
        """Start a child; `load` is still to be called.

        Args:
            debugging: how a person debugs the action; None when nobody does.
            own_folder: goes with the process.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-B", "-u", "-X", "utf8", str(_CHILD), str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_BASE_ENVIRONMENT,
                # Its own group: a Ctrl-C in the terminal is ours to handle, and a kill reaches grandchildren.
                # One that is debugged stays in the session of the terminal, to be able to read from it.
                start_new_session=debugging is None,
                process_group=None if debugging is None else 0,
            )
            undo.pop_all()
        return cls(action, process, ours, debugging, own_folder)

    async def load(
        self,
        folder: Path,
        packages: Path | None,
        environment: Mapping[str, str],
        log: Callable[[LogLine], None],
    ) -> Outcome:
        """Load the action's code.

        Args:
            folder: becomes the current folder and the first place for imports.
            packages: holds what the action's `requirements.txt` asks for; the second place for imports.
        """
        code = self.action.code
        paths = [str(folder), *([str(packages)] if packages else [])]
        message: dict[str, Any] = {
            "paths": paths,
            "main_file": str(code.main_file),
            "copies_main": self._own_folder is not None,
            "function": code.function,
            "virtualenv": str(code.virtualenv) if code.virtualenv else None,
            "debugger": self._debugging.for_child() if self._debugging else None,
        }
        answer = await self._exchange(message, {**environment, "PWD": str(folder)}, log)
        if isinstance(answer, Outcome):
            return answer
        if answer["loaded"]:
            return Outcome("success", {})
        text = _NOT_STARTED_TEXT if answer["parsed"] else _NOT_FOUND_TEXT
        return Outcome("action developer error", {"error": text}, usable=False)

    async def call(
        self, arguments: Mapping[str, Any], environment: Mapping[str, str], log: Callable[[LogLine], None]
    ) -> Outcome:
        """Run the entry function once."""
        answer = await self._exchange({"arguments": arguments}, environment, log)
        if isinstance(answer, Outcome):
            return answer
        if "result_bytes" in answer:
            text = _TOO_LARGE_TEXT.format(answer["result_bytes"], MAX_RESULT_BYTES)
            return Outcome("application error", {"error": text})
        result = answer["result"]
        if not isinstance(result, dict | list):
            return Outcome("action developer error", {"error": NOT_A_DICTIONARY_TEXT})
        failed = isinstance(result, dict) and "error" in result
        return Outcome("application error" if failed else "success", result)

    async def _exchange(
        self, message: Mapping[str, Any], environment: Mapping[str, str], log: Callable[[LogLine], None]
    ) -> dict[str, Any] | Outcome:
        """Send a message; within the time limit collect the answer and all lines logged meanwhile."""
        marker = secrets.token_hex(16)
        whole = {**message, "environment": environment, "marker": marker}
        logs = [asyncio.create_task(pipe.copy_until(marker, log)) for pipe in self._pipes]
        try:
            async with asyncio.timeout(self.action.limits.timeout_ms / 1000):
                await self._send(whole)
                answer = await self._receive()
        except TimeoutError:
            self.kill()
            answer = self._time_limit_outcome("arguments" not in message)
        except json_value.NotJsonError:
            answer = Outcome("action developer error", {"error": NOT_A_DICTIONARY_TEXT})
        except (OSError, ValueError):
            text = OUT_OF_MEMORY_TEXT if self._too_large else EXITED_TEXT
            answer = Outcome("action developer error", {"error": text}, usable=False)
        if isinstance(answer, Outcome) and not answer.usable:
            self.kill()
            await _last_lines(logs)
        else:
            await asyncio.gather(*logs)
        return answer

    def _time_limit_outcome(self, loading: bool) -> Outcome:
        text = f"The action exceeded its time limits of {self.action.limits.timeout_ms} milliseconds"
        text += " during initialization." if loading else "."
        return Outcome("action developer error", {"error": text}, usable=False, timed_out=True)

    async def _send(self, value: Mapping[str, Any]) -> None:
        text = json.dumps(value).encode()
        await asyncio.get_running_loop().sock_sendall(self._control, _HEADER.pack(len(text)) + text)

    async def _receive(self) -> dict[str, Any]:
        """Return the next answer.

        Raises:
            NotJsonError: the result is something that no JSON can say.
            ValueError: the action itself has written to our socket.
        """
        size = _HEADER.unpack(await self._read(_HEADER.size))[0]
        if size > _MAX_ANSWER_BYTES:
            raise ValueError("no answer of our child is so long")
        return json_value.read(await self._read(size))

    async def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = await asyncio.get_running_loop().sock_recv(self._control, size - len(data))
            if not part:
                raise ConnectionResetError("the action's process ended")
            data += part
        return bytes(data)

    def is_alive(self) -> bool:
        return self.process.returncode is None

    def is_dying(self) -> bool:
        """Return whether the process has died or is about to: Linux knows before its files close.

        Elsewhere it is known once the process has closed its end of our socket.
        """
        if linux_process.IS_LINUX:
            return linux_process.is_dying(self.process.pid)
        try:
            return not self._control.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def hang_up_if_dead(self) -> None:
        """End a call whose process has died, though a copy that the action made of it holds its socket."""
        if not self.is_alive():
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_RD)

    def kill_if_too_large(self) -> None:
        """End the process when it holds more memory than the action's limit allows.

        Measured on Linux, where a container would measure it; other systems do not say it cheaply.
        """
        if not linux_process.IS_LINUX or not self.is_alive():
            return
        if linux_process.memory_bytes(self.process.pid) > self.action.limits.memory_mb * 1024 * 1024:
            self._too_large = True
            self.kill()

    def kill(self) -> None:
        """End the process and everything that it started, once."""
        if self._killed:
            return
        self._killed = True
        # Some of it may have left the group.
        started = linux_process.descendants(self.process.pid) if linux_process.IS_LINUX else []
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pid in started:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill the process, wait for its end and let go of it. No call may be under way."""
        self.kill()
        self._control.close()
        # Not `wait`: before Python 3.13 it waits for the end of the output too, which a daemon may hold.
        while self.is_alive():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(_ENDED_EVERY_S)
        if self._own_folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._own_folder, ignore_errors=True)


async def _last_lines(logs: Collection[asyncio.Task[None]]) -> None:
    """Wait for what a process that has ended wrote at last."""
    _, held = await asyncio.wait(logs, timeout=_LAST_LINES_S)
    for log in held:
        log.cancel()
    await asyncio.gather(*logs, return_exceptions=bool(held))
