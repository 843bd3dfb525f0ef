"""The TCP side of one streamed request: the listener that an action sends its messages to.

Source: apache/openserverless-streamer src/tcp/tcpserver.go: one listener per request, only its first
connection counts, reads of at most 2048 bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

READ_BYTES = 2048


class StreamListener:
    """A listener on a free loopback port; use as a context manager, which closes all of it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.connection: socket.socket | None = None

    def __enter__(self) -> StreamListener:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close the action's connection at once, whether or not it has sent everything."""
        self.listener.close()
        if self.connection is not None:
            self.connection.close()

    def arguments(self) -> dict[str, str]:
        """What the action needs to connect; both are strings, as in production."""
        host, port = self.listener.getsockname()
        return {"STREAM_HOST": host, "STREAM_PORT": str(port)}

    async def accept(self) -> None:
        """Wait for the first connection."""
        self.take(await asyncio.get_running_loop().sock_accept(self.listener))

    def accept_waiting(self) -> bool:
        """Take a connection that was made but not yet accepted; False when there is none."""
        with contextlib.suppress(BlockingIOError):
            self.take(self.listener.accept())
        return self.connection is not None

    def take(self, accepted: tuple[socket.socket, object]) -> None:
        self.connection = accepted[0]
        self.connection.setblocking(False)

    async def read(self) -> bytes:
        """The next bytes, as production would read them; empty when the connection has ended."""
        assert self.connection is not None  # noqa: S101 - accept comes first
        try:
            return await asyncio.get_running_loop().sock_recv(self.connection, READ_BYTES)
        except ConnectionResetError:
            # The action's process was killed with bytes unread on its side: the end, all the same.
            return b""

    def second_connection_was_made(self) -> bool:
        """Whether the action connected again; production takes such bytes and drops them."""
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True
