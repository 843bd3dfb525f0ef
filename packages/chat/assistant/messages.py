"""Put what was said into the form that the model wants, and into the size that it can take."""

from collections.abc import Sequence
from typing import Any, cast

from mastro.providers.errors import ModelError
from mastro.providers.provider import Message

ROLES = ("system", "user", "assistant")
BAD_HISTORY = (
    "`history` is not a conversation: it must be a list of objects with `role` (system, user or assistant) "
    "and `content` (a text)."
)
# English has some 4 bytes to a token, Chinese 3 for one or two; the model adds about 8 for a message.
BYTES_PER_TOKEN = 3
TOKENS_PER_MESSAGE = 8


def history(given: Any) -> list[Message]:
    """Return the messages that a client sent along.

    Raises:
        ModelError: they are not messages; the sentence says what they must be.
    """
    if not isinstance(given, list):
        raise ModelError(BAD_HISTORY)
    return [_message(entry) for entry in cast("list[Any]", given)]


def tokens(messages: Sequence[Message]) -> int:
    """Estimate, rather too high, how much of a model's context the messages take."""
    texts = (message["content"].encode(errors="replace") for message in messages)
    return sum(TOKENS_PER_MESSAGE + len(text) // BYTES_PER_TOKEN for text in texts)


def fitting(messages: list[Message], room: int) -> list[Message]:
    """Leave out the oldest turns until the rest takes no more than `room` tokens.

    What the system says stays, and so does the last message, whatever their size. A turn goes as a whole: an
    answer without its question would confuse the model.
    """
    kept = list(messages)
    while tokens(kept) > room:
        turns = [place for place, message in enumerate(kept[:-1]) if message["role"] != "system"]
        if not turns:
            break
        end = next((place for place in turns[1:] if kept[place]["role"] == "user"), len(kept) - 1)
        kept = [message for place, message in enumerate(kept) if place not in turns or place >= end]
    return kept


def _message(entry: Any) -> Message:
    fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    role, content = fields.get("role"), fields.get("content")
    if role not in ROLES or not isinstance(content, str):
        raise ModelError(BAD_HISTORY)
    return {"role": role, "content": content}
