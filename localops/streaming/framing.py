"""Frame the bytes that an action sends for its reader: as production does, or one JSON object a line.

Source: apache/openserverless-streamer src/tcp/tcpserver.go, src/handlers/web_action_handler.go.
"""

from __future__ import annotations

import codecs
import json
import re

from localops.streaming.json_objects import STRING, JsonObjects, Piece
from localops.streaming.rules import READ_BYTES

_CONTROL_CHARACTER = re.compile(rb"[\x00-\x1f]")
_STRING_OR_LINE_BREAK = re.compile(rb"(?P<string>%b)|[\r\n]" % STRING, re.DOTALL)


class Framing:
    """Production's framing: each read, of at most READ_BYTES bytes, is followed by a line break."""

    def feed(self, parts: list[bytes]) -> list[bytes]:
        """Take what came, each part as it came, and return what is to be sent, in as few pieces as it can."""
        if len(parts) == 1 and len(parts[0]) <= READ_BYTES:
            return [parts[0] + b"\n"]
        frames = (
            part[start : start + READ_BYTES] + b"\n"
            for part in parts
            for start in range(0, len(part), READ_BYTES)
        )
        return [b"".join(frames)]

    def end(self) -> list[bytes]:
        """Return what is left of a stream that has ended."""
        return []


class Reframing(Framing):
    """One JSON object on each line, and each line sent on its own: what `up --reframe` asks for.

    Objects stay as they were sent, but for raw control characters, which are escaped. Text that is not an
    object is wrapped as `{"output": text}`, so that every reader shows it. Blanks beside objects are dropped.
    """

    def __init__(self) -> None:
        self._objects = JsonObjects()
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._in_text = False

    def feed(self, parts: list[bytes]) -> list[bytes]:
        return [line for piece in self._objects.feed(b"".join(parts)) for line in self._lines(piece)]

    def end(self) -> list[bytes]:
        rest = [line for piece in self._objects.end() for line in self._lines(piece)]
        return rest + self._wrapped(b"", final=True)

    def _lines(self, piece: Piece) -> list[bytes]:
        if piece.is_blank() and not self._in_text:
            return []
        self._in_text = piece.value is None
        if self._in_text:
            return self._wrapped(piece.data)
        return [*self._wrapped(b"", final=True), _one_line(piece.data) + b"\n"]

    def _wrapped(self, data: bytes, final: bool = False) -> list[bytes]:
        # A character may be cut between two reads: its first bytes wait for the others, or for an object.
        text = self._text.decode(data, final)
        return [json.dumps({"output": text}).encode() + b"\n"] if text else []


def _one_line(data: bytes) -> bytes:
    """Escape raw control characters, which JSON forbids in strings, and leave the rest as it was sent.

    Decoding and encoding the object would change numbers, and make Infinity, which no reader takes, of 1e999.
    """
    if not _CONTROL_CHARACTER.search(data):
        return data
    return _STRING_OR_LINE_BREAK.sub(_escaped, data)


def _escaped(found: re.Match[bytes]) -> bytes:
    string = found["string"]
    if string is None:
        return b""  # a line break between two members
    return _CONTROL_CHARACTER.sub(lambda control: json.dumps(control[0].decode())[1:-1].encode(), string)
