"""JSON, times and durations written as Go writes them.

Go's encoder is compact and escapes `<`, `>`, `&`, U+2028 and U+2029. U+0085 is escaped as well, which Go does
not do: the Python client splits lines there and would fail.
Source: encoding/json with SetEscapeHTML; time.RFC3339Nano; ollama api/types.go for the field order.
"""

from __future__ import annotations

import json
import re
import time
from json.encoder import encode_basestring  # type: ignore[attr-defined] # the C function behind json.dumps
from typing import Any, cast

from starlette.responses import Response

_ESCAPED = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
    "\u0085": "\\u0085",
}
_SPECIAL = re.compile("[<>&\u2028\u2029\u0085]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_quote = cast("type[str]", encode_basestring)  # called with a str, gives a str


def dumps(value: Any) -> bytes:
    """Encode a value to compact JSON in UTF-8."""
    return _escape(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode()


def string(text: str) -> bytes:
    """Encode one string, quotes included. Made for one call per token."""
    return _escape(_quote(text)).encode()


def whole_characters(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot carry, as Go's decoder does."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def timestamp(unix_ns: int | None = None) -> str:
    """Return RFC 3339 in UTC with up to nine fractional digits, trailing zeros cut.

    Args:
        unix_ns: since 1970; now when absent.
    """
    seconds, nanoseconds = divmod(time.time_ns() if unix_ns is None else unix_ns, 1_000_000_000)
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + fraction + "Z"


class JSONAnswer(Response):
    """A whole JSON answer in Go's form."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return dumps(content)


def _escape(text: str) -> str:
    if _SPECIAL.search(text) is not None:
        text = _SPECIAL.sub(lambda match: _ESCAPED[match[0]], text)
    return whole_characters(text)
