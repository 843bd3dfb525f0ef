"""Serve an ASGI application on one socket, in the running event loop.

uvicorn's HTTP protocol without uvicorn's process: no signal handlers, no polling, no grace period. A test
starts one in milliseconds, and closing it ends every connection at once.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.server import ServerState

from localops.accepting import report_exhaustion_once
from localops.plain_http import PlainHttpProtocol

CONNECTION = "localops.connection"
"""The ASGI extension under which an application finds its `Connection`."""

_KEEP_ALIVE_S = 300
_CLOSING_S = 0.5
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


class Connection(PlainHttpProtocol):
    """One client's connection: tells when the client ends it, and lets an application go past HTTP."""

    def __init__(self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {}, loop)
        self._listeners: list[Callable[[], None]] = []
        self._client_ended = False
        self._ended = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only where the socket knows its protocol number; create_server gives none, and
        # a token would wait up to 40 ms for the acknowledgement of the one before.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"connection": self}}
        self.server_state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]

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


class Listener:
    """A listening socket with an application behind it.

    Args:
        sock: bound; listening or not.
    """

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        self._config = Config(
            app,
            loop="none",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        self._config.load()
        self._state = ServerState()
        self._socket = sock
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Answer from now on."""
        loop = asyncio.get_running_loop()
        report_exhaustion_once(loop, "model server")
        self._server = await loop.create_server(
            lambda: Connection(self._config, self._state, loop), sock=self._socket, backlog=2048
        )

    async def close(self) -> None:
        """Accept nothing more, cut every connection, and wait for what was going on to end."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=_CLOSING_S)
        await asyncio.sleep(0)  # the transports close their sockets in the loop's next round
