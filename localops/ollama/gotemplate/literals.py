"""Texts and numbers as Go's source writes them."""

from __future__ import annotations

import re

from localops.ollama.gotemplate.lexer import failure

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))", re.DOTALL
)
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34, "'": 39}
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9_]+)")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MAX_DIGITS = 64


def text_of(source: str, line: int) -> str:
    """Return what a quoted text means.

    Raises:
        TemplateFailure: an escape that there is not.
    """
    if source.startswith("`"):
        return source[1:-1].replace("\r", "")

    def replaced(match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        code = int(digits, 16) if digits else int(match[4], 8) if match[4] else _SIMPLE.get(match[5])
        if code is None or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise failure(line, "invalid syntax")
        return chr(code)

    return _ESCAPE.sub(replaced, source[1:-1])


def character(source: str, line: int) -> int:
    """Return the number of a character in single quotes."""
    text = text_of(source, line)
    if len(text) != 1:
        raise failure(line, f"malformed character constant: {source}")
    return ord(text)


def number(source: str, line: int) -> int | float:
    """Return a number.

    Raises:
        TemplateFailure: not a number, or one that 64 bits do not hold.
    """
    digits = source.replace("_", "")
    if len(digits) <= _MAX_DIGITS:
        if _INTEGER.fullmatch(source):
            value = _whole(digits)
            if value is not None and -(2**63) <= value < 2**64:
                return value
        elif _FLOAT.fullmatch(digits):
            return float(digits)
    raise failure(line, f'bad number syntax: "{source[:_MAX_DIGITS]}"')


def _whole(digits: str) -> int | None:
    unsigned = digits.lstrip("+-")
    is_octal = len(unsigned) > 1 and unsigned.isdecimal() and unsigned[0] == "0"
    try:
        return int(digits, 8 if is_octal else 0)
    except ValueError:
        return None
