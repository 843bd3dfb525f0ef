"""Whole numbers that somebody else wrote."""

from __future__ import annotations

_MAX_DIGITS = 18
ANY = range(10**_MAX_DIGITS)


def whole_number(text: str, allowed: range = ANY) -> int | None:
    """Return the number that a text of ASCII digits means; None for another text, or a number not allowed.

    Python's own pair will not do: `str.isdigit` is true of "²", over which `int` fails; `int` takes "١٢",
    "+1" and " 1_0 ", and refuses more than 4,300 digits.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    if len(digits) > _MAX_DIGITS:
        return None
    number = int(digits)
    return number if number in allowed else None
