"""Looks at the reads of one stream, in order, for the rules that they break. Pure: reads in, findings out."""

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
TOO_CLOSE_S = 0.002
# One short gap is chance, several are a habit.
MANY_SHORT_GAPS = 3


class Examination:
    """What was seen of one stream.

    Attributes:
        found: the rules that this stream has broken so far, each once.
    """

    def __init__(self, recording: StreamRecording) -> None:
        self.recording = recording
        self.found: list[Rule] = []
        self.objects = JsonObjects()
        self.open_since_s = 0.0
        self.open_reads = 0
        self.last_read_s = 0.0
        self.short_gaps = 0
        self.had_message_without_text = False

    def take(self, data: bytes, at_s: float, late: bool = False) -> None:
        """Look at one read.

        Args:
            data: at most READ_BYTES bytes.
            at_s: when it came, from the start of the activation.
            late: this process was busy before it read, so it says nothing about how fast the sender is.
        """
        self.watch_the_gap(at_s, late)
        carried_over = bool(self.objects.rest)
        if not carried_over:
            self.open_since_s = at_s
        pieces = self.objects.feed(data)
        whole = sum(piece.value is not None for piece in pieces)
        together = whole + bool(self.objects.rest)
        if together > 1 and not late:
            self.find(TOO_FAST)
        for piece in pieces:
            self.take_piece(piece, max(together, 1))
            self.open_since_s, self.open_reads = at_s, 0
        self.open_reads += bool(self.objects.rest)
        self.recording.reads += 1

    def watch_the_gap(self, at_s: float, late: bool) -> None:
        gap_s = at_s - self.last_read_s
        self.last_read_s = at_s
        if self.recording.count and not self.objects.rest and gap_s < TOO_CLOSE_S and not late:
            self.short_gaps += 1
            if self.short_gaps >= MANY_SHORT_GAPS:
                self.find(TOO_FAST)

    def take_piece(self, piece: Piece, together: int) -> None:
        if (piece.value is not None or piece.is_blank()) and (b"\n" in piece.data or b"\r" in piece.data):
            self.find(RAW_NEWLINE)
        if piece.is_blank():
            return
        if piece.value is None:
            self.find(NOT_AN_OBJECT)
        else:
            self.take_object(piece.value, len(piece.data))
        is_object = piece.value is not None
        self.recording.add(StreamMessage(self.open_since_s, piece.data, is_object, self.open_reads, together))

    def take_object(self, value: dict[str, object], size: int) -> None:
        if size > READ_BYTES:
            self.find(LONG_MESSAGE)
        if not value.get("output"):
            self.had_message_without_text = True
        elif self.had_message_without_text:
            self.find(TEXT_HIDDEN)

    def end(self, at_s: float, by_action: bool) -> None:
        """The connection has ended.

        Args:
            by_action: the action closed it in peace; what is unfinished then is its own doing.
        """
        if self.objects.rest and by_action:
            self.find(UNFINISHED)
        for piece in self.objects.end():
            self.recording.add(StreamMessage(self.open_since_s, piece.data, False, self.open_reads))
        self.recording.ended_s = at_s

    def find(self, rule: Rule) -> None:
        if rule not in self.found:
            self.found.append(rule)
