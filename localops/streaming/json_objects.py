"""Cut JSON objects that follow one another, with nothing between them, out of a stream of bytes.

Objects may be cut anywhere between two feeds, also inside a character. Anything else comes out as text,
at once, so that nothing waits for an end that never comes.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, cast

from localops.reading import json_value

# An object that is not complete after so many bytes is given up and comes out as text.
MAX_OBJECT_BYTES = 1024 * 1024

# For patterns with re.DOTALL.
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BLANKS = re.compile(rb"[ \t\r\n]+")
_OBJECT_START = re.compile(rb'\{[ \t\r\n]*(["}]|\Z)')
# A whole object without objects in it: nearly all messages, in one step.
_FLAT_OBJECT = re.compile(rb'\{[^{}"]*+(?:%b[^{}"]*+)*+\}' % STRING, re.DOTALL)
_NEXT_OF_OBJECT = re.compile(rb'["{}]')
_NEXT_OF_STRING = re.compile(rb'["\\]')

# A raw line break in a string is wrong in JSON, but what was meant is plain; no reader takes NaN.
_DECODER = json.JSONDecoder(strict=False, parse_constant=json_value.refuse)


class Piece(NamedTuple):
    """Some bytes of the stream; all pieces together, with `rest`, are the whole of it.

    Attributes:
        value: the object that the bytes are; None when they are blanks between objects, or text.
    """

    data: bytes
    value: dict[str, Any] | None = None

    def is_blank(self) -> bool:
        return self.value is None and _BLANKS.fullmatch(self.data) is not None


class JsonObjects:
    """Cuts one stream; `rest` is the beginning of an object whose end has not come."""

    def __init__(self) -> None:
        self.rest = b""
        self._scanned = 0
        self._depth = 0
        self._quoted = False

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes and return what is complete now."""
        data = self.rest + data
        pieces: list[Piece] = []
        at = 0
        while at < len(data):
            end = self._piece_end(data, at)
            if end is None:
                break
            pieces.append(_piece(data[at:end]))
            self._scanned = self._depth = 0
            self._quoted = False
            at = end
        self.rest = data[at:]
        return pieces

    def end(self) -> list[Piece]:
        """Return what is left of a stream that has ended, as text."""
        rest, self.rest = self.rest, b""
        return [Piece(rest)] if rest else []

    def _piece_end(self, data: bytes, at: int) -> int | None:
        """Return where the piece that begins at `at` ends; None when its end has not come."""
        if _OBJECT_START.match(data, at):
            return self._object_end(data, at)
        if blanks := _BLANKS.match(data, at):
            return blanks.end()
        following = _OBJECT_START.search(data, at + 1)
        return following.start() if following else len(data)

    def _object_end(self, data: bytes, at: int) -> int | None:
        if not self._scanned and (whole := _FLAT_OBJECT.match(data, at)):
            return whole.end()
        if len(data) - at > MAX_OBJECT_BYTES:
            return len(data)
        return self._scan(data, at)

    def _scan(self, data: bytes, at: int) -> int | None:
        """Go on counting braces where the last feed ended."""
        position = at + self._scanned
        while found := (_NEXT_OF_STRING if self._quoted else _NEXT_OF_OBJECT).search(data, position):
            position = found.end()
            character = found[0]
            if character == b"\\":
                if position == len(data):
                    # What it escapes has not come: look at both again.
                    position -= 1
                    break
                position += 1
            elif character == b'"':
                self._quoted = not self._quoted
            else:
                self._depth += 1 if character == b"{" else -1
                if not self._depth:
                    return position
        else:
            position = len(data)
        self._scanned = position - at
        return None


def _piece(data: bytes) -> Piece:
    if not data.startswith(b"{"):
        return Piece(data)
    try:
        value: Any = _DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        return Piece(data)
    return Piece(data, cast("dict[str, Any]", value))
