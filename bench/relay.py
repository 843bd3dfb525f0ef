"""Relay a stream in a process of its own, with all that OpenServerless's streamer does to it.

Reads take at most 2048 bytes and are written out with a newline behind each. What is read lands in the one
buffer that the last read has not been written out from yet, so that messages which follow each other too
closely overwrite one another. The streamer needs up to a millisecond to write; here it is always twice that.
Source: openserverless-streamer, src/tcp/tcpserver.go.
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass

from bench.worker import Worker, answer, end_with_parent

_HOST = "127.0.0.1"
_READ_BYTES = 2048
_WRITE_DELAY_S = 0.002
# How often a relay without work looks whether it was kept from running.
_TICK_S = 0.01


@dataclass(frozen=True)
class Relayed:
    """The way of a stream through the relay.

    Attributes:
        stall_s: the longest time that the relay was kept from running, by the machine or by its reader.
    """

    reads: int
    read_bytes: int
    stall_s: float


class RelayProcess(Worker):
    """A relay for one stream after another: its reader connects first, then the action."""

    def __init__(self) -> None:
        super().__init__("bench.relay")
        ports = self.hear()
        self._reader_port: int = ports["reader_port"]
        self.arguments = {"STREAM_HOST": _HOST, "STREAM_PORT": str(ports["action_port"])}

    def connect(self) -> socket.socket:
        """Connect as the one who reads the next stream."""
        return socket.create_connection((_HOST, self._reader_port))

    def relayed(self) -> Relayed:
        """Wait for the end of the stream, and return how it went."""
        return Relayed(**self.hear())


def _serve() -> None:
    """Relay streams one after another, in the child, until the parent ends."""
    end_with_parent()
    with socket.create_server((_HOST, 0)) as readers, socket.create_server((_HOST, 0)) as actions:
        answer({"reader_port": readers.getsockname()[1], "action_port": actions.getsockname()[1]})
        while True:
            reader, _ = readers.accept()
            action, _ = actions.accept()
            with reader, action:
                relayed = _relay(action, reader)
            answer(vars(relayed))


def _relay(action: socket.socket, reader: socket.socket) -> Relayed:
    """Relay one stream from an action to a reader, until the action ends it."""
    reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray(_READ_BYTES)
    unwritten = reads = read_bytes = 0
    stall_s = 0.0
    while True:
        patience_s = _WRITE_DELAY_S if unwritten else _TICK_S
        began_s = time.monotonic()
        came, _, _ = select.select([action], [], [], patience_s)
        waited_s = time.monotonic() - began_s
        stall_s = max(stall_s, waited_s - patience_s)
        if waited_s >= patience_s:
            # Also when it was kept from running: its writer has then waited for as long as the bytes have.
            _write(buffer, unwritten, reader)
            unwritten = 0
        read = action.recv_into(buffer) if came else 0
        _write(buffer, unwritten, reader)
        if came and not read:
            return Relayed(reads, read_bytes, stall_s)
        reads += bool(read)
        read_bytes += read
        unwritten = read


def _write(buffer: bytearray, size: int, reader: socket.socket) -> None:
    """Write out what was read, if anything was, with a newline."""
    if size:
        reader.sendall(bytes(buffer[:size]) + b"\n")


if __name__ == "__main__":
    _serve()
