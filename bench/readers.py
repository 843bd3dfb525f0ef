"""The clients in the field: what each would see of a stream, by the rules of its own code.

All are fed the bytes of a streamed answer, one call for each read from the network, and then ended.
"""

from __future__ import annotations

import codecs
import json
from typing import Any, Protocol, cast

_DECODER = json.JSONDecoder()


class Reader(Protocol):
    """A client.

    Attributes:
        text: all output that it took in.
        fault: what made it give up, or lose something; "" while nothing did.
    """

    text: str
    fault: str

    def feed(self, data: bytes) -> None:
        """Take one read from the network."""
        ...

    def end(self) -> None:
        """Take the end of the answer."""
        ...


class IncrementalReader:
    """Decodes across reads and skips every raw newline, as the page of this project does."""

    def __init__(self) -> None:
        self.text = ""
        self.fault = ""
        self._rest = ""
        self._characters = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, data: bytes) -> None:
        self._rest += self._characters.decode(data.replace(b"\n", b""))  # bytes: it may cut a character
        while self._rest.lstrip().startswith("{"):
            self._rest = self._rest.lstrip()
            try:
                message, end = _DECODER.raw_decode(self._rest)
            except json.JSONDecodeError:
                break
            self.text += str(message.get("output", ""))
            self._rest = self._rest[end:]

    def end(self) -> None:
        if self._rest.strip():
            self.fault = f"the answer ended inside {self._rest[:60]!r}"


class LineReader:
    """Reads as `ops ai stream` and `ops ai chat` do: one JSON value on each line.

    It dies at the first line that is not exactly one object (also an empty one), and at the first object
    without output it stops as if the answer were over.
    Source: mastrogpt/olaris-ai stream.py, chat.py.
    """

    def __init__(self) -> None:
        self.text = ""
        self.fault = ""
        self.stopped = False
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line)

    def end(self) -> None:
        if self._rest:
            self._read(self._rest)

    def _read(self, line: bytes) -> None:
        if self.fault or self.stopped:
            return
        try:
            message = json.loads(line)
        except ValueError as error:
            self.fault = f"died at the line {line[:60]!r}: {error}"
            return
        if not isinstance(message, dict):
            self.fault = f"died at the line {line[:60]!r}: not an object"
            return
        output = str(cast("dict[str, Any]", message).get("output", ""))
        self.text += output
        self.stopped = not output


class ChunkReader:
    """Reads as Pinocchio, the MastroGPT web UI, does: each read on its own, by counting braces.

    Whatever is not a row of whole objects loses the read that it is in. What has come is drawn only with an
    output that is not itself JSON: a last token such as `42` is taken in, and not drawn.
    Source: mastrogpt/mastrogpt2-starter web bundle.

    Attributes:
        drawn: what a person sees.
        lost_reads: how many reads were thrown away.
        state: the chat's state.
    """

    def __init__(self) -> None:
        self.text = ""
        self.fault = ""
        self.drawn = ""
        self.state = ""
        self.lost_reads = 0
        self._characters = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, data: bytes) -> None:
        read = self._characters.decode(data)
        try:
            messages = objects_in(read)
        except ValueError as error:
            self.fault = self.fault or f"lost the read {read[:60]!r}: {error}"
            self.lost_reads += 1
            return
        for message in messages:
            self.state = str(message.get("state") or self.state)
            output = str(message.get("output") or "")
            self.text += output
            if output and not _is_json(output):
                self.drawn = self.text

    def end(self) -> None:
        """Do nothing: nothing is ever carried over."""


def objects_in(read: str) -> list[dict[str, Any]]:
    """Split a read into its objects by counting the braces outside strings.

    Raises:
        ValueError: there is anything else in it, or less than a whole object.
    """
    found: list[dict[str, Any]] = []
    start, depth, quoted, escaped = 0, 0, False, False
    for at, character in enumerate(read):
        if escaped or character == "\\":
            escaped = not escaped
            continue
        quoted ^= character == '"'
        if not quoted:
            depth += (character == "{") - (character == "}")
            if depth == 0 and read[start : at + 1].strip():
                found.append(json.loads(read[start : at + 1]))
                start = at + 1
    if depth or quoted:
        raise ValueError("it ends inside an object")
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
