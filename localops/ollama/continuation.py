"""The `context` of /api/generate: what continues a conversation when it is sent back.

Ollama puts the model's tokens there; clients treat them as opaque. Here it is the conversation itself, so
that it means the same to every engine: JSON, compressed, six bytes to a number, which any JSON reader holds
exactly. Any other numbers are read as Ollama reads them, as tokens of the model that is asked.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import NamedTuple, cast

from localops.ollama.engine import Ask, Message

_BYTES = 6
_MAX_BYTES = 16_000_000  # of a conversation; what a few numbers can unfold to


class Continued(NamedTuple):
    """The past of a question.

    Attributes:
        messages: of the conversation.
        tokens: that stand before all of it, from a server that keeps tokens.
    """

    messages: tuple[Message, ...] = ()
    tokens: tuple[int, ...] = ()


def context_of(ask: Ask, answer: str) -> list[int]:
    """Return the `context` of a final line."""
    turns = [message for message in ask.messages if message.role != "system"]
    kept = [[*turns, Message("assistant", answer)], ask.before]
    packed = zlib.compress(json.dumps(kept).encode())
    return [int.from_bytes(packed[i : i + _BYTES], "little") for i in range(0, len(packed), _BYTES)]


def continued(context: Sequence[int]) -> Continued:
    """Read back what `context_of` wrote, or another server's tokens."""
    try:
        packed = b"".join(number.to_bytes(_BYTES, "little") for number in context)
        text = zlib.decompressobj().decompress(packed, _MAX_BYTES)
        turns, tokens = cast("tuple[list[list[str]], list[int]]", json.loads(text))
        messages = tuple(Message(str(role), str(content)) for role, content, *_ in turns)
        return Continued(messages, tuple(map(int, tokens)))
    except (TypeError, ValueError, OverflowError, zlib.error):
        return Continued(tokens=tuple(context))
