"""JSON that somebody else wrote, read as OpenWhisk reads it.

No NaN or Infinity, which Python takes for numbers; no endless nesting, no number that Python cannot hold.
Source: spray-json JsonParserSettings (its deepest nesting is 1000), Go encoding/json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, cast

# Python's own readers and writers of JSON end a little above this.
MAX_LEVELS = 900

_Container = dict[str, Any] | list[Any]


class NotJsonError(ValueError):
    """Python could read it, other readers of JSON could not; or the other way round."""


class TooLargeError(NotJsonError):
    """It is JSON, with more levels or longer numbers than are read here."""


def read(text: str | bytes) -> Any:
    """Return the value that some JSON text means.

    Raises:
        ValueError: it is not JSON.
        NotJsonError: it holds NaN or Infinity.
        TooLargeError: it has more than MAX_LEVELS levels, or a number of thousands of digits.
    """
    return _checked(text, lambda: json.loads(text, parse_constant=refuse))


def read_beginning(text: str) -> Any:
    """Return the value that a text begins with, whatever follows it; errors as for `read`."""
    return _checked(text, lambda: _DECODER.raw_decode(text)[0])


def refuse(constant: str) -> NoReturn:
    """Refuse a constant that Python takes for JSON: NaN and the infinities."""
    raise NotJsonError(f"{constant} is not JSON")


def _checked(text: str | bytes, decode: Callable[[], Any]) -> Any:
    try:
        value = decode()
    except RecursionError as error:
        raise _too_deep() from error
    except (json.JSONDecodeError, UnicodeError, NotJsonError):
        raise
    except ValueError as error:  # all that is left
        raise TooLargeError("it holds a number with too many digits") from error
    # Few texts have so many brackets that it is worth a closer look.
    if _count_brackets(text) > MAX_LEVELS and _has_more_levels(value):
        raise _too_deep()
    return value


_DECODER = json.JSONDecoder(parse_constant=refuse)


def _too_deep() -> TooLargeError:
    return TooLargeError(f"it is nested more than {MAX_LEVELS} levels deep")


def _count_brackets(text: str | bytes) -> int:
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _has_more_levels(value: Any) -> bool:
    """Return whether a value has more than MAX_LEVELS levels; never recurses."""
    level: list[Any] = [value]
    for _ in range(MAX_LEVELS + 1):
        containers = [cast("_Container", each) for each in level if isinstance(each, dict | list)]
        if not containers:
            return False
        level = [each for container in containers for each in _members(container)]
    return True


def _members(container: _Container) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container
