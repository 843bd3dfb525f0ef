"""What an action prints, cut into lines and these into activations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from localops.openwhisk.entities import LogLine, Stream

READ_BYTES = 64 * 1024
# A longer line comes out in several: it may never end.
MOST_LINE_BYTES = 1024 * 1024
# After so many lines others have their turn.
LINES_IN_A_ROW = 100


class LogPipe:
    """Lines from one of the child's output streams, cut into activations by marker lines.

    Attributes:
        lines: what has come and is not logged yet, the first line last.
        rest: the beginning of a line whose end has not come.
    """

    def __init__(self, reader: asyncio.StreamReader, stream: Stream) -> None:
        self.reader = reader
        self.stream: Stream = stream
        self.lines: list[bytes] = []
        self.rest = b""
        self.in_a_row = 0

    async def copy_until(self, marker: str, log: Callable[[LogLine], None]) -> None:
        """Log lines as they come, up to the marker or the end of the stream."""
        blank_line_is_pending = False
        # The child breaks the line before each marker: one blank line before it is not the action's.
        while (text := await self.next_line()) is not None and text != marker:
            if blank_line_is_pending:
                log(LogLine(time.time(), self.stream, ""))
            blank_line_is_pending = not text
            if text:
                log(LogLine(time.time(), self.stream, text))

    async def next_line(self) -> str | None:
        while not self.lines and await self.read():
            pass
        if not self.lines:
            return None
        self.in_a_row += 1
        if self.in_a_row % LINES_IN_A_ROW == 0:
            await asyncio.sleep(0)
        return self.lines.pop().decode(errors="replace").removesuffix("\r")

    async def read(self) -> bool:
        """Have what comes next cut into `lines`; False when it was the last."""
        part = await self.reader.read(READ_BYTES)
        *lines, self.rest = (self.rest + part).split(b"\n")
        if self.rest and (not part or len(self.rest) > MOST_LINE_BYTES):
            lines, self.rest = [*lines, self.rest], b""
        self.lines = lines[::-1]
        return bool(part)
