"""Has a stream examined without holding it up: what was relayed is looked at when nothing waits to be."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from localops.streaming.action_connection import Arrival
from localops.streaming.examination import Examination
from localops.streaming.recording import StreamRecording
from localops.streaming.rules import READ_BYTES, Rule

# Looked at in one go; takes about a millisecond, which other streams have to wait.
AT_ONCE_BYTES = 8 * 1024
# What comes on top of this, while there was no time to look, is counted only.
MOST_WAITING_BYTES = 1024 * 1024
# The pace of a good sender is 50 ms: when this process was busy for longer than this, it cannot tell.
LATE_S = 0.025


class StreamExaminer:
    """Examines one stream, a little behind it.

    Args:
        begun_s: when the activation began, on the clock of `time.monotonic()`.
    """

    def __init__(self, begun_s: float, recording: StreamRecording) -> None:
        self.begun_s = begun_s
        self.recording = recording
        self.examination = Examination(recording)
        self.waiting: deque[Arrival] = deque()
        self.waiting_bytes = 0
        self.told = 0
        self.ended_s = begun_s

    def add(self, arrivals: list[Arrival]) -> None:
        """Take what was read from the action; nothing at the end."""
        self.ended_s = time.monotonic()
        for arrival in arrivals:
            if self.waiting_bytes + len(arrival.data) > MOST_WAITING_BYTES:
                self.recording.unexamined_bytes += len(arrival.data)
            else:
                self.waiting.append(arrival)
                self.waiting_bytes += len(arrival.data)

    def examine_some(self) -> list[Rule]:
        """Look at a part of what waits, and return the rules that it is the first to break."""
        looked_at = 0
        while self.waiting and looked_at < AT_ONCE_BYTES:
            data, at_s, delay_s = self.waiting.popleft()
            part, rest = data[:AT_ONCE_BYTES], data[AT_ONCE_BYTES:]
            if rest:
                self.waiting.appendleft(Arrival(rest, at_s, delay_s))
            self.examine(part, at_s, delay_s > LATE_S)
            looked_at += len(part)
        self.waiting_bytes -= looked_at
        return self.news()

    def examine(self, data: bytes, at_s: float, late: bool) -> None:
        for start in range(0, len(data), READ_BYTES):
            self.examination.take(data[start : start + READ_BYTES], at_s - self.begun_s, late)

    async def finish(self, by_action: bool) -> list[Rule]:
        """The stream has ended: look at all that is left, in turns with other work.

        Args:
            by_action: see Examination.end.
        """
        found: list[Rule] = []
        while self.waiting:
            found += self.examine_some()
            await asyncio.sleep(0)
        self.examination.end(self.ended_s - self.begun_s, by_action and not self.recording.unexamined_bytes)
        return found + self.news()

    def news(self) -> list[Rule]:
        told, self.told = self.told, len(self.examination.found)
        return self.examination.found[told:]
