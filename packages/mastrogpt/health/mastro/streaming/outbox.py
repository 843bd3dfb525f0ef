"""The text of one reply: what waits to be sent, and how it is put into messages."""

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

# Under the 2048 bytes of one read of the streamer, with a margin.
MAX_MESSAGE_BYTES = 1900
# An activation's result may hold 1 MiB, and a character takes up to 6 bytes of it.
MAX_KEPT_CHARS = 150_000


class Outbox:
    """A queue of text that leaves as JSON messages, and a copy of the text for the action's result.

    It knows no socket, no thread and no clock.

    Args:
        is_read: whether somebody reads the messages; if not, the text is only kept.

    Attributes:
        first_members: members that go with the first output, or alone at the end if there is none.
        last_members: members that go last, in a message without output.
        waiting_chars: how much text waits.
    """

    def __init__(self, is_read: bool) -> None:
        self.first_members: dict[str, Any] = {}
        self.last_members: dict[str, Any] = {}
        self.waiting_chars = 0
        self._is_read = is_read
        self._waiting: deque[tuple[str, str]] = deque()
        self._closed = self._first_sent = self._last_sent = False
        self._kept: dict[str, list[str]] = {}
        self._kept_chars = 0

    def add(self, text: str, member: str = "output") -> None:
        """Add text of the model. What the result cannot hold is sent, but not kept."""
        self._add(clean(text), member, max(0, MAX_KEPT_CHARS - self._kept_chars))

    def say(self, sentence: str) -> None:
        """Add a sentence of the action, as a paragraph of its own, which is always kept."""
        text = clean(f"\n\n{sentence}" if self._kept.get("output") else sentence)
        self._add(text, "output", len(text))

    def close(self) -> None:
        """Take no more text, so that the last members may go."""
        self._closed = True

    @property
    def has_text(self) -> bool:
        """Whether text waits."""
        return bool(self._waiting)

    @property
    def has_message(self) -> bool:
        """Whether `take` would return a message."""
        return bool(self._waiting or self._final_members())

    @property
    def is_full(self) -> bool:
        """Whether the result can hold no more text."""
        return self._kept_chars >= MAX_KEPT_CHARS

    def take(self) -> bytes:
        """Return the next message, at most MAX_MESSAGE_BYTES long but for large members; b"" for none."""
        if not self._waiting:
            members = self._final_members()
            self._last_sent = bool(members)
            return json.dumps(members).encode("ascii") if members else b""
        member, texts, size = self._waiting[0][0], list[str](), 0
        while self._waiting and self._waiting[0][0] == member and size < MAX_MESSAGE_BYTES:
            texts.append(self._waiting.popleft()[1])
            size += len(texts[-1])
        is_first = member == "output" and not self._first_sent
        message, rest = _fit(member, "".join(texts), self.first_members if is_first else {})
        self._first_sent = self._first_sent or is_first
        if rest:
            self._waiting.appendleft((member, rest))
        self.waiting_chars += len(rest) - size
        return message

    def kept(self) -> dict[str, str]:
        """Return the text by member, as far as a result may hold it."""
        return {member: "".join(texts) for member, texts in self._kept.items()}

    def _add(self, text: str, member: str, kept_chars: int) -> None:
        if kept := text[:kept_chars]:
            self._kept.setdefault(member, []).append(kept)
            self._kept_chars += len(kept)
        if self._is_read:
            for start in range(0, len(text), MAX_MESSAGE_BYTES):
                self._waiting.append((member, text[start : start + MAX_MESSAGE_BYTES]))
            self.waiting_chars += len(text)

    def _final_members(self) -> dict[str, Any]:
        if not self._closed or not self._is_read or self._last_sent:
            return {}
        return self.last_members | ({} if self._first_sent else self.first_members)


def clean(text: str) -> str:
    """Replace half a surrogate pair, which is not a character: neither UTF-8 nor a client takes it."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _fit(member: str, text: str, others: Mapping[str, Any]) -> tuple[bytes, str]:
    """Encode as much of the text as one message holds; return the message and the rest."""
    room = MAX_MESSAGE_BYTES - len(json.dumps({member: "", **others}))
    taken = min(len(text), room)
    while len(encoded := json.dumps(text[:taken])) > room and taken > 1:
        taken = max(1, min(taken - 1, taken * room // len(encoded)))
    message = json.dumps({member: text[:taken], **others})
    return message.encode("ascii"), text[taken:]
