"""The functions of a template: Go's own, and those that Ollama adds.

`and` and `or` are not among them, because they leave alone what need not be looked at; see `execution`.
Source: the documentation of Go's text/template; ollama template/template.go:119.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import quote_plus

from localops.ollama.gotemplate.printing import formatted
from localops.ollama.gotemplate.values import GoError, Struct, is_true, shown, type_name
from localops.ollama.wire import dumps

_Numbers = int | float
_JAVASCRIPT = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def call(name: str, given: Sequence[Any]) -> Any:
    """Call a function.

    Raises:
        GoError: it takes more, or fewer, or something else.
    """
    fewest, most, function = _FUNCTIONS[name]
    if len(given) < fewest or (most is not None and len(given) > most):
        want = f"at least {fewest}" if most is None else str(fewest)
        raise GoError(f"wrong number of args for {name}: want {want} got {len(given)}")
    return function(*given)


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict) and not isinstance(value, Struct):
        return len(cast("list[Any]", value))
    raise GoError(f"error calling len: len of type {type_name(value)}")


def _index(value: Any, *places: Any) -> Any:
    if value is None:
        raise GoError("error calling index: index of untyped nil")
    for place in places:
        value = _item(value, place)
    return value


def _item(value: Any, place: Any) -> Any:
    if isinstance(value, dict) and not isinstance(value, Struct):
        if not isinstance(place, str):
            raise GoError(f"error calling index: value has type {type_name(place)}; should be string")
        return cast("dict[str, Any]", value).get(place)
    items = _items(value, "index")
    return items[_place(place, len(items) - 1, "index")]


def _slice(value: Any, *places: Any) -> Any:
    items = _items(value, "slice")
    first, last = [*places[:2], *[0, len(items)][len(places[:2]) :]]
    end = _place(last, len(items), "slice")
    part = items[_place(first, end, "slice") : end]
    return part.decode("utf-8", "replace") if isinstance(value, str) else part


def _items(value: Any, verb: str) -> Any:
    """Return the bytes of a text, or a list."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return cast("list[Any]", value)
    raise GoError(f"error calling {verb}: can't {verb} item of type {type_name(value)}")


def _place(place: Any, last: int, function: str) -> int:
    if isinstance(place, bool) or not isinstance(place, int):
        raise GoError(f"error calling {function}: cannot index slice/array with type {type_name(place)}")
    if not 0 <= place <= last:
        raise GoError(f"error calling {function}: index out of range: {place}")
    return place


def _equal(first: Any, *others: Any) -> bool:
    return any(_is_equal(first, other) for other in others)


def _is_equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    for value in (one, other):
        if isinstance(value, list | dict):
            raise GoError(f"error calling eq: non-comparable type {type_name(cast('list[Any]', value))}")
    if type(one) is not type(other):
        raise GoError("error calling eq: incompatible types for comparison")
    return one == other


def _is_less(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or not isinstance(one, str | int | float):
        raise GoError("error calling lt: invalid type for comparison")
    if type(one) is not type(other):
        raise GoError("error calling lt: incompatible types for comparison")
    return one < other


def _print(*values: Any, between: str = "") -> str:
    """Put values side by side; with a blank, as Go puts it, between two that are not texts."""
    parts: list[str] = []
    for place, value in enumerate(values):
        if place:
            is_text = isinstance(value, str) or isinstance(values[place - 1], str)
            parts.append(between or ("" if is_text else " "))
        parts.append("<nil>" if value is None else shown(value))
    return "".join(parts)


def _println(*values: Any) -> str:
    return _print(*values, between=" ") + "\n"


def _json(value: Any) -> str:
    return dumps(value).decode()


def _joined(values: Sequence[Any]) -> str:
    return _print(*("<no value>" if value is None else value for value in values))


def _script(*values: Any) -> str:
    return "".join(_JAVASCRIPT.get(each) or _escaped(each) for each in _joined(values))


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04X}" if character < " " else character


def _markup(*values: Any) -> str:
    return (
        html.escape(_joined(values))
        .replace("&quot;", "&#34;")
        .replace("&#x27;", "&#39;")
        .replace("\0", "\ufffd")
    )


def _today(*formats: Any) -> str:
    _texts(formats)
    return date.today().isoformat()


def _yesterday(*formats: Any) -> str:
    _texts(formats)
    return (date.today() - timedelta(days=1)).isoformat()


def _texts(formats: Sequence[Any]) -> None:
    # Ollama reads a format and does nothing with it.
    if odd := [value for value in formats if not isinstance(value, str)]:
        raise GoError(f"wrong type for value; expected string; got {type_name(odd[0])}")


def _not(value: Any) -> bool:
    return not is_true(value)


def _differs(one: Any, other: Any) -> bool:
    return not _is_equal(one, other)


def _is_at_most(one: Any, other: Any) -> bool:
    return _is_less(one, other) or one == other


def _is_greater(one: Any, other: Any) -> bool:
    return _is_less(other, one)


def _is_at_least(one: Any, other: Any) -> bool:
    return not _is_less(one, other)


def _query(*values: Any) -> str:
    return quote_plus(_joined(values), safe="-_.~")


def _type(_: Any) -> str:
    return "any"  # what Ollama gives for whatever is not a tool's property


_FUNCTIONS: dict[str, tuple[int, int | None, Callable[..., Any]]] = {
    "not": (1, 1, _not),
    "len": (1, 1, _length),
    "index": (1, None, _index),
    "slice": (1, 3, _slice),
    "print": (0, None, _print),
    "println": (0, None, _println),
    "printf": (1, None, formatted),
    "html": (0, None, _markup),
    "js": (0, None, _script),
    "urlquery": (0, None, _query),
    "eq": (2, None, _equal),
    "ne": (2, 2, _differs),
    "lt": (2, 2, _is_less),
    "le": (2, 2, _is_at_most),
    "gt": (2, 2, _is_greater),
    "ge": (2, 2, _is_at_least),
    "json": (1, 1, _json),
    "currentDate": (0, None, _today),
    "yesterdayDate": (0, None, _yesterday),
    "toTypeScriptType": (1, 1, _type),
}
NAMES = ("and", "or", *_FUNCTIONS)
