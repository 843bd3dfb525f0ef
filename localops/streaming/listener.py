"""Listen for the messages of one streamed request's action.

Source: apache/openserverless-streamer src/tcp/tcpserver.go: one listener per request, only its first
connection counts, what a second one sends is taken by the kernel and read by nobody.
"""

from __future__ import annotations

import asyncio
import logging
import socket

from localops.streaming.action_connection import MAX_BYTES_A_READ, ActionConnection
from localops.streaming.loop_delay import LoopDelay

# When the system has no further file for a connection, others may soon be closed.
_ACCEPT_AGAIN_S = 0.1

_log = logging.getLogger("localops.stream")


class StreamListener:
    """A listener on a free loopback port.

    Attributes:
        connection: the first one, once it was made.
        connected: done when it was made, or never will be.
        later_connections: how many came after the first.
    """

    def __init__(self, delay: LoopDelay) -> None:
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._is_open = True
        self.connection: ActionConnection | None = None
        self.connected: asyncio.Future[None] = self._loop.create_future()
        self.later_connections = 0
        self._ignored: set[socket.socket] = set()
        self._listen()

    def address(self) -> dict[str, str]:
        """Return the arguments by which an action connects; both are strings, as in production."""
        host, port = self._listener.getsockname()
        return {"STREAM_HOST": host, "STREAM_PORT": str(port)}

    def accept(self) -> None:
        """Take a connection that waits; called by the event loop, and where it must be known now."""
        if not self._is_open:
            return
        try:
            accepted = self._listener.accept()[0]
        except BlockingIOError:
            return
        except OSError as error:
            # The event loop would ask again at once, again and again.
            _log.warning("a stream's connection has to wait: %s", error)
            self._loop.remove_reader(self._listener.fileno())
            self._loop.call_later(_ACCEPT_AGAIN_S, self._listen)
            return
        self._take(accepted)

    def _listen(self) -> None:
        """Have the event loop call `accept` when a connection waits."""
        if self._is_open:
            self._loop.add_reader(self._listener.fileno(), self.accept)

    def _take(self, accepted: socket.socket) -> None:
        if self.connection is None:
            self.connection = ActionConnection(accepted, self._delay)
            self.connected.set_result(None)
        else:
            self.later_connections += 1
            self._ignore(accepted)

    def _ignore(self, connection: socket.socket) -> None:
        """Let the action send, and drop it, as production does."""
        connection.setblocking(False)
        self._ignored.add(connection)
        self._loop.add_reader(connection.fileno(), self._drop, connection)

    def _drop(self, connection: socket.socket) -> None:
        try:
            ended = not connection.recv(MAX_BYTES_A_READ)
        except OSError:
            ended = True
        if ended:
            self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        self._ignored.discard(connection)
        self._loop.remove_reader(connection.fileno())
        connection.close()

    def close(self) -> None:
        """Close all of it at once."""
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        for connection in list(self._ignored):
            self._forget(connection)
        if self.connection is not None:
            self.connection.close()
        if not self.connected.done():
            self.connected.set_result(None)
