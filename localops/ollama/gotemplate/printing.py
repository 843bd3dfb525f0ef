"""`printf`, for the verbs that a prompt can need."""

from __future__ import annotations

import re
from typing import Any

from localops.ollama.gotemplate.values import GoError, quoted, shown, type_name

_VERB = re.compile(r"%(?P<flags>[-+ #0]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?P<verb>.?)", re.DOTALL)
_MAX_WIDTH = 1000
_KINDS: dict[str, type | tuple[type, ...]] = {
    "d": int,
    "b": int,
    "o": int,
    "c": int,
    "x": (int, str),
    "X": (int, str),
    "f": float,
    "F": float,
    "e": float,
    "E": float,
    "g": float,
    "G": float,
    "s": (str, list, dict),
    "q": (str, int),
    "t": bool,
}


def formatted(pattern: Any, *values: Any) -> str:
    """Return a text with values in place of its verbs, and Go's words where they do not fit.

    Raises:
        GoError: the pattern is not a text, or a width is beyond reason.
    """
    if not isinstance(pattern, str):
        raise GoError(f"wrong type for value; expected string; got {type_name(pattern)}")
    rest = list(values)

    def replaced(match: re.Match[str]) -> str:
        if match["verb"] == "%":
            return "%"
        if not match["verb"]:
            return "%!(NOVERB)"
        return _written(match, rest.pop(0)) if rest else f"%!{match['verb']}(MISSING)"

    text = _VERB.sub(replaced, pattern)
    extra = ", ".join("<nil>" if value is None else f"{type_name(value)}={shown(value)}" for value in rest)
    return f"{text}%!(EXTRA {extra})" if rest else text


def _written(match: re.Match[str], value: Any) -> str:
    verb, width, precision = match["verb"], match["width"], match["precision"]
    for number in (width, precision or ""):
        if len(number) > 4 or int(number or 0) > _MAX_WIDTH:
            raise GoError(f"error calling printf: a width of {number[:8]} is beyond reason")
    if verb == "T":
        return type_name(value)
    kinds = _KINDS.get(verb)
    if verb != "v" and (kinds is None or not _is_of(value, kinds)):
        return f"%!{verb}(<nil>)" if value is None else f"%!{verb}({type_name(value)}={shown(value)})"
    text = _text(verb, value, precision)
    if "+" in match["flags"] and _is_of(value, (int, float)) and not text.startswith("-"):
        text = "+" + text
    if "-" in match["flags"]:
        return text.ljust(int(width or 0))
    zeros = "0" in match["flags"] and _is_of(value, (int, float))
    return text.zfill(int(width or 0)) if zeros else text.rjust(int(width or 0))


def _is_of(value: Any, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))


def _text(verb: str, value: Any, precision: str | None) -> str:
    if verb == "q":
        return quoted(value) if isinstance(value, str) else f"'{_character(value)}'"
    if verb == "c":
        return _character(value)
    if verb in "xX" and isinstance(value, str):
        return value.encode().hex() if verb == "x" else value.encode().hex().upper()
    if verb in "bodxX":
        return format(value, verb)
    if verb in "fFeEgG":
        return format(
            value, f".{precision}{verb}" if precision is not None else f".6{verb}" if verb in "fFeE" else ""
        )
    text = "<nil>" if value is None else shown(value)
    return text[: int(precision or 0)] if precision is not None and isinstance(value, str) else text


def _character(code: int) -> str:
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
