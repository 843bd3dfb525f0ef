"""Cut what an action prints into lines, and these into activations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from localops.openwhisk.entities import LogLine, Stream

_READ_BYTES = 64 * 1024
# A longer line comes out in several: it may never end.
_MAX_LINE_BYTES = 1024 * 1024
# After so many lines others have their turn.
_LINES_IN_A_ROW = 100


class LogPipe:
    """The lines of one of the child's output streams, cut into activations by marker lines.

    Attributes:
        lines: what has come and is not logged yet, the first line last.
        rest: the beginning of a line whose end has not come.
    """

    def __init__(self, reader: asyncio.StreamReader, stream: Stream) -> None:
        self._reader = reader
        self._stream: Stream = stream
        self._lines: list[bytes] = []
        self._rest = b""
        self._in_a_row = 0

    async def copy_until(self, marker: str, log: Callable[[LogLine], None]) -> None:
        """Log lines as they come, up to the marker or the end of the stream."""
        blank_line_is_pending = False
        # The child breaks the line before each marker: one blank line before it is not the action's.
        while (text := await self._next_line()) is not None and text != marker:
            if blank_line_is_pending:
                log(LogLine(time.time(), self._stream, ""))
            blank_line_is_pending = not text
            if text:
                log(LogLine(time.time(), self._stream, text))

    async def _next_line(self) -> str | None:
        while not self._lines and await self._read():
            pass
        if not self._lines:
            return None
        self._in_a_row += 1
        if self._in_a_row % _LINES_IN_A_ROW == 0:
            await asyncio.sleep(0)
        return self._lines.pop().decode(errors="replace").removesuffix("\r")

    async def _read(self) -> bool:
        """Read on, and cut what came into `lines`; return False when it was the last."""
        part = await self._reader.read(_READ_BYTES)
        *lines, self._rest = (self._rest + part).split(b"\n")
        if self._rest and (not part or len(self._rest) > _MAX_LINE_BYTES):
            lines, self._rest = [*lines, self._rest], b""
        self._lines = lines[::-1]
        return bool(part)
