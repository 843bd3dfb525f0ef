"""A scripted model server in a thread of this process, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from localops.ollama.listener import Listener

from .app import ScriptedApp
from .connection import ScriptedConnection
from .recording import RecordedRequest
from .script import Answerer, Script

_STARTING_S = 60.0
_ENDING_S = 60.0


class ScriptedServer:
    """A model server on a port of its own, from `with` to the end of the block.

    Args:
        script: what it says.
        refuse: hold the port without listening on it, so that every connection is refused.

    Attributes:
        requests: every request so far, in the order they came.
    """

    def __init__(self, script: Script, *, refuse: bool = False) -> None:
        self.script = script
        self.requests: list[RecordedRequest] = []
        self._refuse = refuse
        self._arrived = threading.Condition()
        self._socket = socket.socket()
        self._port = 0
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None

    @property
    def host(self) -> str:
        """Address and port, as OLLAMA_HOST has them."""
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The same as a URL without a slash at the end."""
        return f"http://{self.host}"

    def say(self, *answers: Answerer) -> None:
        """Replace the answers that are still to come."""
        self.script.answers = list(answers)

    def wait_requests(self, count: int, timeout_s: float = 60.0) -> list[RecordedRequest]:
        """Wait until so many requests have come, and give them all.

        Raises:
            TimeoutError: they have not come in time.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came within {timeout_s} s")
            return list(self.requests)

    def __enter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self._port = int(self._socket.getsockname()[1])
        if self._refuse:
            return self
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready)), name="scripted-ollama"
        )
        self._thread.start()
        if not ready.wait(_STARTING_S):
            raise TimeoutError(f"the scripted server did not start within {_STARTING_S} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._thread is not None:
            self._thread.join(_ENDING_S)
            if self._thread.is_alive():
                raise TimeoutError(f"the scripted server did not end within {_ENDING_S} s")
        self._socket.close()

    async def _serve(self, ready: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        listener = Listener(ScriptedApp(self.script, self._record), self._socket, ScriptedConnection)
        await listener.start()
        ready.set()
        await stopped.wait()
        await listener.close()

    def _record(self, request: RecordedRequest) -> None:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
