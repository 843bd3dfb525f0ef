"""Base64, told by nothing but the text itself, as OpenWhisk tells it.

Source: apache/openwhisk Exec.scala (isBinaryCode).
"""

from __future__ import annotations

import base64
import re

ALPHABET = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def is_base64(text: str) -> bool:
    """Whether a text counts as base64: of the alphabet alone, its length a multiple of four, not empty."""
    text = text.strip()
    return len(text) % 4 == 0 and ALPHABET.fullmatch(text) is not None


def decoded(text: str) -> bytes | None:
    """The bytes of what counts as base64; None for any other text."""
    return base64.b64decode(text.strip()) if is_base64(text) else None


def decoded_leniently(text: str) -> bytes | None:
    """The same, where the padding may be missing, as Java's decoder allows."""
    padded = text + "=" * (-len(text) % 4)
    return None if text != text.strip() else decoded(padded)
