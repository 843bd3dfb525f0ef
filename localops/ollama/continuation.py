"""The `context` of /api/generate: what continues a conversation when it is sent back.

Ollama puts token numbers there; clients treat them as opaque. Here it is the conversation itself, so that it
means the same to every engine: JSON, compressed, six bytes to a number, which any JSON reader holds exactly.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, cast

from localops.ollama.engine import Ask, Message
from localops.ollama.errors import BadRequest

_BYTES = 6
_MAX_BYTES = 16_000_000  # of a conversation; what a few numbers can unfold to


def context_of(ask: Ask, answer: str) -> list[int]:
    """Return the `context` of a final line."""
    turns = [message for message in ask.messages if message.role != "system"]
    packed = zlib.compress(json.dumps([*turns, Message("assistant", answer)]).encode())
    return [int.from_bytes(packed[i : i + _BYTES], "little") for i in range(0, len(packed), _BYTES)]


def conversation_of(context: Sequence[Any]) -> tuple[Message, ...]:
    """Read back what `context_of` wrote.

    Raises:
        BadRequest: another server's context.
    """
    if not context:
        return ()
    try:
        packed = b"".join(int(number).to_bytes(_BYTES, "little") for number in context)
        text = zlib.decompressobj().decompress(packed, _MAX_BYTES)
        turns = cast("list[list[str]]", json.loads(text))
        return tuple(Message(str(role), str(content)) for role, content, *_ in turns)
    except (TypeError, ValueError, OverflowError, zlib.error) as error:
        raise BadRequest(
            "this context is not from this server; send the conversation to /api/chat"
        ) from error
