"""A Redis of this server's own, behind one TCP address.

The listening socket is this process's, so the address is known and free before any server runs, and whoever
connects while one starts waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from localops.accepting import connections
from localops.redis.gate import MalformedCommandError, answer_to, first_command
from localops.redis.process import READ_BYTES, RedisProcess

_CANNOT_START = b"-ERR localops could not start Redis; its console says why\r\n"


class RedisServer:
    """Answers on a loopback port of its own, through a gate where the process has none."""

    def __init__(self, process: RedisProcess) -> None:
        self.process = process
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    async def run(self) -> None:
        """Serve until cancelled; then end the process and every connection."""
        try:
            async for client in connections(self._listener, "redis"):
                task = asyncio.create_task(self.serve(client))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
        finally:
            self._listener.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
            await self.process.close()

    async def serve(self, client: socket.socket) -> None:
        """Relay one client."""
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, contextlib.suppress(ConnectionError):
            begun = b"" if self.process.program else await self._let_in(client)
            if begun is None:
                return
            server = await self.process.connected()
            if server is None:
                await asyncio.get_running_loop().sock_sendall(client, _CANNOT_START)
                return
            with server:
                await _relay(client, server, begun)

    async def _let_in(self, client: socket.socket) -> bytes | None:
        """Return what a client sent up to the right password; None when it did not show it."""
        loop = asyncio.get_running_loop()
        data = b""
        while True:
            part = await loop.sock_recv(client, READ_BYTES)
            if not part:
                return None
            data += part
            try:
                words = first_command(data)
            except MalformedCommandError:
                return None
            refusal = answer_to(words, self.process.user, self.process.password) if words else None
            if words and refusal is None:
                return data
            if words and refusal:
                await loop.sock_sendall(client, refusal)
                return None


async def _relay(client: socket.socket, server: socket.socket, begun: bytes) -> None:
    """Pass bytes both ways until the server closes, or the client has and all is answered."""
    await asyncio.get_running_loop().sock_sendall(server, begun)
    commands = asyncio.create_task(_pass_on(client, server))
    try:
        await _pass_on(server, client)
    finally:
        commands.cancel()
        await asyncio.gather(commands, return_exceptions=True)


async def _pass_on(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await loop.sock_recv(source, READ_BYTES):
            await loop.sock_sendall(target, data)
    finally:
        # After an error too: the target must learn that no more comes, or the other direction never ends.
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
