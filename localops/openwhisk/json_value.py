"""JSON as OpenWhisk reads it: no NaN or Infinity, which Python takes for numbers, and no endless nesting.

Source: spray-json JsonParserSettings (its deepest nesting is 1000), Go encoding/json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

# Python's own readers and writers of JSON end a little above this.
MOST_LEVELS = 900

Container = dict[str, Any] | list[Any]


class NotJsonError(ValueError):
    """Python could read it, other readers of JSON could not."""


def read(data: bytes) -> Any:
    """The value that some JSON text means.

    Raises:
        ValueError: it is none.
        NotJsonError: it holds NaN or Infinity, or has more than MOST_LEVELS levels.
    """
    try:
        value = json.loads(data, parse_constant=refuse)
    except RecursionError as error:
        raise too_deep() from error
    # Few texts have so many brackets that it is worth a closer look.
    if data.count(b"[") + data.count(b"{") > MOST_LEVELS and has_more_levels(value):
        raise too_deep()
    return value


def refuse(constant: str) -> None:
    """What to do with a constant that Python takes for JSON: NaN and the infinities."""
    raise NotJsonError(f"{constant} is no JSON")


def too_deep() -> NotJsonError:
    return NotJsonError(f"it is nested more than {MOST_LEVELS} levels deep")


def has_more_levels(value: Any) -> bool:
    """Whether a value has more than MOST_LEVELS levels; never recurses."""
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS + 1):
        containers = [cast("Container", each) for each in level if isinstance(each, dict | list)]
        if not containers:
            return False
        level = [each for container in containers for each in members(container)]
    return True


def members(container: Container) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container
