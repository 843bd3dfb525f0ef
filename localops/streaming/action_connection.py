"""The connection of an action whose bytes are relayed.

It stays registered with the event loop from its beginning to its end and is read in large parts: that, and
not a read of 2048 bytes at a time, is what lets one process relay hundreds of streams.
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import NamedTuple

from localops.streaming.loop_delay import LoopDelay

MOST_BYTES_A_READ = 64 * 1024
# Unsent bytes of one stream; at more, its action has to wait, as it would in production.
MOST_WAITING_BYTES = 256 * 1024
# Reads so close together, so often in a row, are the flood of a sender without a pace, which production glues
# together and damages. Letting it collect costs it a millisecond, and saves all others most of the work.
FLOOD_GAP_S = 0.0002
FLOOD_READS = 4
FLOOD_REST_S = 0.001
FLOOD_BYTES = 512


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
        self.socket = connection
        # By number: the loop describes a socket that it does not know yet, which costs system calls.
        self.descriptor = connection.fileno()
        self.delay = delay
        self.loop = asyncio.get_running_loop()
        self.end: asyncio.Future[None] = self.loop.create_future()
        self.torn = False
        self.arrivals: list[Arrival] = []
        self.arrival_count = 0
        self.waiting_bytes = 0
        self.last_s = 0.0
        self.close_reads = 0
        self.is_resting = False
        self.is_reading = False
        self.reader: asyncio.Future[None] | None = None
        self.read_if_possible()

    @property
    def ended(self) -> bool:
        return self.end.done()

    def read_if_possible(self) -> None:
        """Have the event loop call `receive`, or not, as things stand."""
        possible = not self.ended and not self.is_resting and self.waiting_bytes <= MOST_WAITING_BYTES
        if possible and not self.is_reading:
            self.loop.add_reader(self.descriptor, self.receive)
        elif self.is_reading and not possible:
            self.loop.remove_reader(self.descriptor)
        self.is_reading = possible

    def receive(self) -> None:
        """Take what has come; called by the event loop."""
        try:
            data = self.socket.recv(MOST_BYTES_A_READ)
        except BlockingIOError:
            return
        except OSError:
            # The action's process was killed with bytes unread on its side: the end, all the same.
            data, self.torn = b"", True
        if not data:
            self.close()
            return
        at_s = time.monotonic()
        self.arrivals.append(Arrival(data, at_s, self.delay.now_s()))
        self.arrival_count += 1
        self.waiting_bytes += len(data)
        self.rest_in_a_flood(at_s, len(data))
        self.read_if_possible()
        self.wake()

    def rest_in_a_flood(self, at_s: float, size: int) -> None:
        still_flooded = self.close_reads >= FLOOD_READS and size > FLOOD_BYTES
        is_close = still_flooded or at_s - self.last_s < FLOOD_GAP_S
        self.close_reads = self.close_reads + 1 if is_close else 0
        self.last_s = at_s
        if self.close_reads >= FLOOD_READS:
            self.is_resting = True
            self.loop.call_later(FLOOD_REST_S, self.end_rest)

    def end_rest(self) -> None:
        self.is_resting = False
        self.read_if_possible()

    def wake(self) -> None:
        if self.reader is not None and not self.reader.done():
            self.reader.set_result(None)

    async def read(self) -> list[Arrival]:
        """All that has come since the last call, waiting for some; empty when the connection has ended."""
        if not self.arrivals and not self.ended:
            self.reader = self.loop.create_future()
            await self.reader
        arrivals, self.arrivals, self.waiting_bytes = self.arrivals, [], 0
        self.read_if_possible()
        return arrivals

    def close(self) -> None:
        """End the connection at once; what has come can still be read."""
        if not self.ended:
            self.end.set_result(None)
            self.read_if_possible()
            self.socket.close()
            self.wake()
