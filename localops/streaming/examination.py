"""Check the reads of one stream, in order, for the rules that they break. Pure: reads in, findings out."""

from __future__ import annotations

from localops.streaming.json_objects import JsonObjects, Piece
from localops.streaming.recording import StreamMessage, StreamRecording
from localops.streaming.rules import (
    LONG_MESSAGE,
    NOT_AN_OBJECT,
    RAW_NEWLINE,
    READ_BYTES,
    TEXT_HIDDEN,
    TOO_FAST,
    UNFINISHED,
    Rule,
)

# Closer together than this, production overwrites a message that it has not passed on yet.
_TOO_CLOSE_S = 0.002
# One short gap is chance, several are a habit.
_MANY_SHORT_GAPS = 3


class Examination:
    """The findings about one stream.

    Attributes:
        found: the rules that this stream has broken so far, each once.
    """

    def __init__(self, recording: StreamRecording) -> None:
        self.recording = recording
        self.found: list[Rule] = []
        self._objects = JsonObjects()
        self._open_since_s = 0.0
        self._open_reads = 0
        self._last_read_s = 0.0
        self._short_gaps = 0
        self._had_message_without_text = False

    def take(self, data: bytes, at_s: float, late: bool = False) -> None:
        """Look at one read.

        Args:
            data: at most READ_BYTES bytes.
            at_s: when it came, from the start of the activation.
            late: this process was busy before it read, so it says nothing about how fast the sender is.
        """
        self._watch_the_gap(at_s, late)
        carried_over = bool(self._objects.rest)
        if not carried_over:
            self._open_since_s = at_s
        pieces = self._objects.feed(data)
        whole = sum(piece.value is not None for piece in pieces)
        together = whole + bool(self._objects.rest)
        if together > 1 and not late:
            self._find(TOO_FAST)
        for piece in pieces:
            self._take_piece(piece, max(together, 1))
            self._open_since_s, self._open_reads = at_s, 0
        self._open_reads += bool(self._objects.rest)
        self.recording.reads += 1

    def _watch_the_gap(self, at_s: float, late: bool) -> None:
        gap_s = at_s - self._last_read_s
        self._last_read_s = at_s
        if self.recording.count and not self._objects.rest and gap_s < _TOO_CLOSE_S and not late:
            self._short_gaps += 1
            if self._short_gaps >= _MANY_SHORT_GAPS:
                self._find(TOO_FAST)

    def _take_piece(self, piece: Piece, together: int) -> None:
        if (piece.value is not None or piece.is_blank()) and (b"\n" in piece.data or b"\r" in piece.data):
            self._find(RAW_NEWLINE)
        if piece.is_blank():
            return
        if piece.value is None:
            self._find(NOT_AN_OBJECT)
        else:
            self._take_object(piece.value, len(piece.data))
        is_object = piece.value is not None
        self.recording.add(
            StreamMessage(self._open_since_s, piece.data, is_object, self._open_reads, together)
        )

    def _take_object(self, value: dict[str, object], size: int) -> None:
        if size > READ_BYTES:
            self._find(LONG_MESSAGE)
        if not value.get("output"):
            self._had_message_without_text = True
        elif self._had_message_without_text:
            self._find(TEXT_HIDDEN)

    def end(self, at_s: float, by_action: bool) -> None:
        """Take note that the connection has ended.

        Args:
            by_action: the action closed it in peace; what is unfinished then is its own doing.
        """
        if self._objects.rest and by_action:
            self._find(UNFINISHED)
        for piece in self._objects.end():
            self.recording.add(StreamMessage(self._open_since_s, piece.data, False, self._open_reads))
        self.recording.ended_s = at_s

    def _find(self, rule: Rule) -> None:
        if rule not in self.found:
            self.found.append(rule)
