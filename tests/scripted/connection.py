"""The connections of a scripted server: they tell when the client ends them, and let a fault go past HTTP."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn import Config
from uvicorn.server import ServerState

from localops.ollama.listener import Connection

_EXTENSION = "localops.connection"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


class ScriptedConnection(Connection):
    """One client's connection."""

    def __init__(self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, loop)
        self._listeners: list[Callable[[], None]] = []
        self._client_ended = False
        self._ended = asyncio.Event()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"connection": self}}

    def eof_received(self) -> None:
        self._client_ended = True
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._ended.set()
        self._client_ended = self._client_ended or exc is not None
        if self._client_ended:
            for listener in self._listeners:
                listener()

    def when_client_closes(self, listener: Callable[[], None]) -> None:
        """Have a function called when the client, not the server, ends the connection."""
        if self._client_ended and self._ended.is_set():
            listener()
        else:
            self._listeners.append(listener)

    async def wait_ended(self) -> None:
        """Wait until the connection is gone, whoever ended it."""
        await self._ended.wait()

    def finish(self, data: bytes) -> None:
        """Write bytes past all HTTP framing and end the connection with a FIN."""
        self.transport.write(data)
        self.transport.close()

    def reset(self) -> None:
        """End the connection with a RST."""
        sock: Any = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


def connection_of(scope: Scope) -> ScriptedConnection:
    """Return the connection that a request came over."""
    return scope["extensions"][_EXTENSION]["connection"]
