"""Serve an ASGI application on one socket, in the running event loop.

uvicorn's HTTP protocol without uvicorn's process: no signal handlers, no polling, no grace period. A test
starts one in milliseconds, and closing it ends every connection at once.
"""

from __future__ import annotations

import asyncio
import socket
import time
from email.utils import formatdate

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.server import ServerState

from localops.accepting import report_exhaustion_once
from localops.plain_http import PlainHttpProtocol

_KEEP_ALIVE_S = 300
_CLOSING_S = 0.5


class Connection(PlainHttpProtocol):
    """One client's connection, which sends each token at once and says what time it is."""

    def __init__(self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {}, loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only where the socket knows its protocol number; create_server gives none, and
        # a token would wait up to 40 ms for the acknowledgement of the one before.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.server_state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]


class Listener:
    """A listening socket with an application behind it.

    Args:
        sock: bound; listening or not.
        connection: what a connection is made of.
    """

    def __init__(self, app: ASGIApp, sock: socket.socket, connection: type[Connection] = Connection) -> None:
        self._config = Config(
            app,
            loop="none",
            http=connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        self._config.load()
        self._connection = connection
        self._state = ServerState()
        self._socket = sock
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Answer from now on."""
        loop = asyncio.get_running_loop()
        report_exhaustion_once(loop, "model server")
        self._server = await loop.create_server(
            lambda: self._connection(self._config, self._state, loop), sock=self._socket, backlog=2048
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
