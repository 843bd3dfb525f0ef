"""Answers by https for a model server on this machine that speaks http.

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
from urllib.parse import urlsplit

from localops.deployment import certificate
from localops.deployment.certificate import Certificate

# The first byte of a TLS handshake. Source: RFC 8446, 5.1.
HANDSHAKE = b"\x16"
BLOCK_BYTES = 65_536
LOOPBACK = ("localhost", "127.0.0.1")
OLLAMA_PORT = 11434

log = logging.getLogger("localops.deployment.https_front")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def http_server_of_this_machine(variables: Mapping[str, str]) -> tuple[str, int] | None:
    """The host and port that OLLAMA_HOST names, when that is a server on this machine which speaks http."""
    value = variables.get("OLLAMA_HOST", "")
    address = urlsplit(value if "://" in value else f"//{value}")
    scheme = variables.get("OLLAMA_PROTO") or address.scheme or "http"
    if scheme != "http" or address.hostname not in LOOPBACK:
        return None
    return address.hostname, address.port or OLLAMA_PORT


class HttpsFront:
    """Listens on loopback for one model server; to be made where an event loop runs.

    Args:
        target: the model server's host and port.
        folder: where its certificate is kept.

    Raises:
        CertificateError: there is no certificate and none can be made.
    """

    def __init__(self, target: tuple[str, int], folder: Path) -> None:
        self.target = target
        self.certificate: Certificate = certificate.read_or_make(folder)
        self.context = self.certificate.server_context()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.relays: set[asyncio.Task[None]] = set()
        # It goes on until the event loop ends.
        self.accepting = asyncio.create_task(self.accept())

    @property
    def address(self) -> str:
        return "{}:{}".format(*self.socket.getsockname())

    async def accept(self) -> None:
        with self.socket:
            while True:
                connection, _ = await asyncio.get_running_loop().sock_accept(self.socket)
                relay = asyncio.create_task(self.relay(connection))
                self.relays.add(relay)
                relay.add_done_callback(self.relays.discard)

    async def relay(self, connection: socket.socket) -> None:
        """Carry bytes both ways until one side ends."""
        try:
            context = self.context if await first_byte(connection) == HANDSHAKE else None
            inner = await asyncio.open_connection(*self.target)
            with contextlib.closing(inner[1]):
                outer = await accepted(connection, context)
                with contextlib.closing(outer[1]):
                    await carry_both_ways(outer, inner)
        except OSError as error:  # those of ssl are among them
            connection.close()
            log.debug("a connection to the model server ended: %s", error)


async def first_byte(connection: socket.socket) -> bytes:
    """What a connection brings first; it stays there to be read."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, lambda: readable.done() or readable.set_result(None))
    try:
        await readable
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


async def accepted(connection: socket.socket, context: ssl.SSLContext | None) -> Streams:
    """Streams over an accepted connection, decrypted when there is a context."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=context)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def carry_both_ways(one: Streams, other: Streams) -> None:
    """Until one side ends; what it had sent is still passed on."""
    ways = {asyncio.create_task(carry(one[0], other[1])), asyncio.create_task(carry(other[0], one[1]))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(BLOCK_BYTES):
        writer.write(block)
        await writer.drain()
