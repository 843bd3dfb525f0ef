"""Answer by https for a model server on this machine that speaks http.

Actions of the MastroGPT courses and of the first starter know no OLLAMA_PROTO: they call
`https://$AUTH@$OLLAMA_HOST`, as the model servers of a cluster want it. This stands before the one on this
machine and takes both, TLS and plain connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from localops.accepting import connections
from localops.deployment import certificate
from localops.deployment.certificate import Certificate
from mastro.providers.errors import ModelError
from mastro.providers.ollama.host import read_host

# The first byte of a TLS handshake. Source: RFC 8446, 5.1.
_HANDSHAKE = b"\x16"
_BLOCK_BYTES = 65_536
_LOOPBACK = ("localhost", "127.0.0.1")

log = logging.getLogger("localops.deployment.https_front")

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def http_server_of_this_machine(variables: Mapping[str, str]) -> tuple[str, int] | None:
    """Return the host and port of the model server, when it is on this machine and speaks http."""
    try:
        # Without AUTH, which says nothing about where it is.
        host = read_host({name: variables.get(name, "") for name in ("OLLAMA_HOST", "OLLAMA_PROTO")})
    except ModelError:
        return None  # the chats say what is wrong with the settings
    return (host.name, host.port) if host.scheme == "http" and host.name in _LOOPBACK else None


class HttpsFront:
    """Listens on loopback for one model server; to be made where an event loop runs.

    Args:
        target: the model server's host and port.
        folder: where its certificate is kept.

    Raises:
        CertificateError: there is no certificate and none can be made.
    """

    def __init__(self, target: tuple[str, int], folder: Path) -> None:
        self._target = target
        self.certificate: Certificate = certificate.read_or_make(folder)
        self._context = self.certificate.server_context()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._relays: set[asyncio.Task[None]] = set()
        # It goes on until the event loop ends.
        self._accepting = asyncio.create_task(self._accept())

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._socket.getsockname())

    async def _accept(self) -> None:
        with self._socket:
            async for connection in connections(self._socket, "the model server's HTTPS address"):
                relay = asyncio.create_task(self._relay(connection))
                self._relays.add(relay)
                relay.add_done_callback(self._relays.discard)

    async def _relay(self, connection: socket.socket) -> None:
        """Carry bytes both ways until one side ends."""
        try:
            context = self._context if await _first_byte(connection) == _HANDSHAKE else None
            inner = await asyncio.open_connection(*self._target)
            with contextlib.closing(inner[1]):
                outer = await _accepted(connection, context)
                with contextlib.closing(outer[1]):
                    await _carry_both_ways(outer, inner)
        except OSError as error:  # those of ssl are among them
            connection.close()
            log.debug("a connection to the model server ended: %s", error)


async def _first_byte(connection: socket.socket) -> bytes:
    """Return the first byte of a connection, which stays there to be read."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, lambda: readable.done() or readable.set_result(None))
    try:
        await readable
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


async def _accepted(connection: socket.socket, context: ssl.SSLContext | None) -> _Streams:
    """Return streams over an accepted connection, decrypted when there is a context."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=context)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _carry_both_ways(one: _Streams, other: _Streams) -> None:
    """Carry bytes until one side ends; what it had sent is still passed on."""
    ways = {asyncio.create_task(_carry(one[0], other[1])), asyncio.create_task(_carry(other[0], one[1]))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(_BLOCK_BYTES):
        writer.write(block)
        await writer.drain()
