"""Have a stream examined without holding it up: when nothing waits to be relayed."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from localops.streaming.action_connection import Arrival
from localops.streaming.examination import Examination
from localops.streaming.recording import StreamRecording
from localops.streaming.rules import READ_BYTES, Rule

# Looked at in one go; takes about a millisecond, which other streams have to wait.
_AT_ONCE_BYTES = 8 * 1024
# What comes on top of this, while there was no time to look, is only counted.
_MAX_WAITING_BYTES = 1024 * 1024
# The pace of a good sender is 50 ms: when this process was busy for longer than this, it cannot tell.
_LATE_S = 0.025


class StreamExaminer:
    """Examines one stream, a little behind it.

    Args:
        begun_s: when the activation began, on the clock of `time.monotonic()`.
    """

    def __init__(self, begun_s: float, recording: StreamRecording) -> None:
        self._begun_s = begun_s
        self._recording = recording
        self._examination = Examination(recording)
        self._waiting: deque[Arrival] = deque()
        self._waiting_bytes = 0
        self._told = 0
        self._ended_s = begun_s

    def add(self, arrivals: list[Arrival]) -> None:
        """Take what was read from the action; nothing at the end."""
        self._ended_s = time.monotonic()
        for arrival in arrivals:
            if self._waiting_bytes + len(arrival.data) > _MAX_WAITING_BYTES:
                self._recording.unexamined_bytes += len(arrival.data)
            else:
                self._waiting.append(arrival)
                self._waiting_bytes += len(arrival.data)

    def examine_some(self) -> list[Rule]:
        """Look at a part of what waits, and return the rules that it is the first to break."""
        looked_at = 0
        while self._waiting and looked_at < _AT_ONCE_BYTES:
            data, at_s, delay_s = self._waiting.popleft()
            part, rest = data[:_AT_ONCE_BYTES], data[_AT_ONCE_BYTES:]
            if rest:
                self._waiting.appendleft(Arrival(rest, at_s, delay_s))
            self._examine(part, at_s, delay_s > _LATE_S)
            looked_at += len(part)
        self._waiting_bytes -= looked_at
        return self.news()

    def _examine(self, data: bytes, at_s: float, late: bool) -> None:
        for start in range(0, len(data), READ_BYTES):
            self._examination.take(data[start : start + READ_BYTES], at_s - self._begun_s, late)

    async def finish(self, by_action: bool) -> list[Rule]:
        """Look at all that is left of a stream that has ended, in turns with other work.

        Args:
            by_action: see Examination.end.
        """
        found: list[Rule] = []
        while self._waiting:
            found += self.examine_some()
            await asyncio.sleep(0)
        self._examination.end(
            self._ended_s - self._begun_s, by_action and not self._recording.unexamined_bytes
        )
        return found + self.news()

    def news(self) -> list[Rule]:
        told, self._told = self._told, len(self._examination.found)
        return self._examination.found[told:]
