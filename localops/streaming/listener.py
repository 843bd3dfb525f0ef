"""The TCP side of one streamed request: the listener that an action sends its messages to.

Source: apache/openserverless-streamer src/tcp/tcpserver.go: one listener per request, only its first
connection counts, what a second one sends is taken by the kernel and read by nobody.
"""

from __future__ import annotations

import asyncio
import logging
import socket

from localops.streaming.action_connection import MOST_BYTES_A_READ, ActionConnection
from localops.streaming.loop_delay import LoopDelay

# When the system has no further file for a connection, others may soon be closed.
ACCEPT_AGAIN_S = 0.1

log = logging.getLogger("localops.stream")


class StreamListener:
    """A listener on a free loopback port.

    Attributes:
        connection: the first one, once it was made.
        connected: done when it was made, or never will be.
        later_connections: how many came after the first.
    """

    def __init__(self, delay: LoopDelay) -> None:
        self.delay = delay
        self.loop = asyncio.get_running_loop()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.is_open = True
        self.connection: ActionConnection | None = None
        self.connected: asyncio.Future[None] = self.loop.create_future()
        self.later_connections = 0
        self.ignored: set[socket.socket] = set()
        self.listen()

    def address(self) -> dict[str, str]:
        """Return the arguments by which an action connects; both are strings, as in production."""
        host, port = self.listener.getsockname()
        return {"STREAM_HOST": host, "STREAM_PORT": str(port)}

    def accept(self) -> None:
        """Take a connection that waits; called by the event loop, and by who must know now."""
        if not self.is_open:
            return
        try:
            accepted = self.listener.accept()[0]
        except BlockingIOError:
            return
        except OSError as error:
            # The event loop would ask again at once, and without an end.
            log.warning("a stream's connection has to wait: %s", error)
            self.loop.remove_reader(self.listener.fileno())
            self.loop.call_later(ACCEPT_AGAIN_S, self.listen)
            return
        self.take(accepted)

    def listen(self) -> None:
        """Have the event loop call `accept` when a connection waits."""
        if self.is_open:
            self.loop.add_reader(self.listener.fileno(), self.accept)

    def take(self, accepted: socket.socket) -> None:
        if self.connection is None:
            self.connection = ActionConnection(accepted, self.delay)
            self.connected.set_result(None)
        else:
            self.later_connections += 1
            self.ignore(accepted)

    def ignore(self, connection: socket.socket) -> None:
        """Let the action send, and drop it, as production does."""
        connection.setblocking(False)
        self.ignored.add(connection)
        self.loop.add_reader(connection.fileno(), self.drop, connection)

    def drop(self, connection: socket.socket) -> None:
        try:
            ended = not connection.recv(MOST_BYTES_A_READ)
        except OSError:
            ended = True
        if ended:
            self.forget(connection)

    def forget(self, connection: socket.socket) -> None:
        self.ignored.discard(connection)
        self.loop.remove_reader(connection.fileno())
        connection.close()

    def close(self) -> None:
        """Close all of it at once."""
        if not self.is_open:
            return
        self.is_open = False
        self.loop.remove_reader(self.listener.fileno())
        self.listener.close()
        for connection in list(self.ignored):
            self.forget(connection)
        if self.connection is not None:
            self.connection.close()
        if not self.connected.done():
            self.connected.set_result(None)
