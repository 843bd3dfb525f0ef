"""Read the connection of an action whose bytes are relayed.

It stays registered with the event loop from its beginning to its end and is read in large parts: that, and
not a read of 2048 bytes at a time, is what lets one process relay hundreds of streams.
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import NamedTuple

from localops.streaming.loop_delay import LoopDelay

MAX_BYTES_A_READ = 64 * 1024
# Unsent bytes of one stream; beyond them its action has to wait, as it would in production.
_MAX_WAITING_BYTES = 256 * 1024
# Reads so close together, so often in a row, are the flood of a sender without a pace, which production glues
# together and damages. Letting it collect costs it a millisecond, and saves all others most of the work.
_FLOOD_GAP_S = 0.0002
_FLOOD_READS = 4
_FLOOD_REST_S = 0.001
_FLOOD_BYTES = 512


class Arrival(NamedTuple):
    """Bytes that an action sent.

    Attributes:
        at_s: when they were read, on the clock of `time.monotonic()`.
        delay_s: how long they may have waited because this process was busy.
    """

    data: bytes
    at_s: float
    delay_s: float


class ActionConnection:
    """The connection whose bytes are relayed.

    Attributes:
        end: done when the action has closed it, or died, or when it was closed here.
        torn: it ended without a proper close.
        arrival_count: how often something came.
        is_reading: False while what came before waits for the reader.
    """

    def __init__(self, connection: socket.socket, delay: LoopDelay) -> None:
        connection.setblocking(False)
        self._socket = connection
        # By number: the loop describes a socket that it does not know yet, which costs system calls.
        self._descriptor = connection.fileno()
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self.end: asyncio.Future[None] = self._loop.create_future()
        self.torn = False
        self.arrivals: list[Arrival] = []
        self.arrival_count = 0
        self._waiting_bytes = 0
        self._last_s = 0.0
        self._close_reads = 0
        self._is_resting = False
        self.is_reading = False
        self._reader: asyncio.Future[None] | None = None
        self._read_if_possible()

    @property
    def ended(self) -> bool:
        return self.end.done()

    def _read_if_possible(self) -> None:
        """Have the event loop call `receive`, or not, as things stand."""
        possible = not self.ended and not self._is_resting and self._waiting_bytes <= _MAX_WAITING_BYTES
        if possible and not self.is_reading:
            self._loop.add_reader(self._descriptor, self._receive)
        elif self.is_reading and not possible:
            self._loop.remove_reader(self._descriptor)
        self.is_reading = possible

    def _receive(self) -> None:
        """Take what has come; called by the event loop."""
        try:
            data = self._socket.recv(MAX_BYTES_A_READ)
        except BlockingIOError:
            return
        except OSError:
            # The action's process was killed with bytes unread on its side: the end, all the same.
            data, self.torn = b"", True
        if not data:
            self.close()
            return
        at_s = time.monotonic()
        self.arrivals.append(Arrival(data, at_s, self._delay.now_s()))
        self.arrival_count += 1
        self._waiting_bytes += len(data)
        self._rest_in_a_flood(at_s, len(data))
        self._read_if_possible()
        self._wake()

    def _rest_in_a_flood(self, at_s: float, size: int) -> None:
        still_flooded = self._close_reads >= _FLOOD_READS and size > _FLOOD_BYTES
        is_close = still_flooded or at_s - self._last_s < _FLOOD_GAP_S
        self._close_reads = self._close_reads + 1 if is_close else 0
        self._last_s = at_s
        if self._close_reads >= _FLOOD_READS:
            self._is_resting = True
            self._loop.call_later(_FLOOD_REST_S, self._end_rest)

    def _end_rest(self) -> None:
        self._is_resting = False
        self._read_if_possible()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def read(self) -> list[Arrival]:
        """Return all that has come since the last call, waiting for some; nothing after the end."""
        if not self.arrivals and not self.ended:
            self._reader = self._loop.create_future()
            await self._reader
        arrivals, self.arrivals, self._waiting_bytes = self.arrivals, [], 0
        self._read_if_possible()
        return arrivals

    def close(self) -> None:
        """End the connection at once; what has come can still be read."""
        if not self.ended:
            self.end.set_result(None)
            self._read_if_possible()
            self._socket.close()
            self._wake()
