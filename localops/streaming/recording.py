"""The record of one stream: each message with its time, its size and what its reads did to it."""

from __future__ import annotations

from dataclasses import dataclass, field

# Further messages are counted and not kept.
MAX_MESSAGES = 500
MAX_TEXT_BYTES = 64 * 1024


@dataclass(frozen=True)
class StreamMessage:
    """A JSON object that an action sent, or other text.

    Attributes:
        at_s: when its first byte was read, from the start of the activation.
        cuts: how many times a read of production's size ended inside it; each puts a line break there.
        together: how many messages, with this one, its last read held.
    """

    at_s: float
    data: bytes
    is_object: bool
    cuts: int = 0
    together: int = 1


@dataclass
class StreamRecording:
    """The messages of one stream; the first ones whole, the rest as numbers.

    Attributes:
        web: the action was asked as a web action.
        unexamined_bytes: what came faster than it could be looked at.
        broken: the names of the rules of production that it broke.
        ended_s: when the connection ended; None while it is open.
    """

    web: bool = True
    messages: list[StreamMessage] = field(default_factory=list[StreamMessage])
    count: int = 0
    size: int = 0
    reads: int = 0
    unexamined_bytes: int = 0
    broken: list[str] = field(default_factory=list[str])
    ended_s: float | None = None
    kept_bytes: int = 0

    def add(self, message: StreamMessage) -> None:
        self.count += 1
        self.size += len(message.data)
        if len(self.messages) < MAX_MESSAGES and self.kept_bytes < MAX_TEXT_BYTES:
            self.messages.append(message)
            self.kept_bytes += len(message.data)
