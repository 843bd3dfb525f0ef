"""Recognise base64 by nothing but the text itself, as OpenWhisk does.

Source: apache/openwhisk Exec.scala (isBinaryCode).
"""

from __future__ import annotations

import base64
import re

_ALPHABET = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def _is_base64(text: str) -> bool:
    """Return whether a text counts as base64: of its alphabet alone, a multiple of four long, not empty."""
    text = text.strip()
    return len(text) % 4 == 0 and _ALPHABET.fullmatch(text) is not None


def decoded(text: str) -> bytes | None:
    """Return the bytes of what counts as base64; None for any other text."""
    return base64.b64decode(text.strip()) if _is_base64(text) else None


def decoded_leniently(text: str) -> bytes | None:
    """Return the same, where the padding may be missing, as Java's decoder allows."""
    padded = text + "=" * (-len(text) % 4)
    return None if text != text.strip() else decoded(padded)
