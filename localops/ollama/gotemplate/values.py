"""Python's values, seen as Go sees its own: their types, truth, fields and how they are printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast


class GoError(Exception):
    """A value or function refuses; the template that used it gives it a place."""


class Struct(dict[str, Any]):
    """A dict that has these fields and no others.

    Args:
        go_type: its name in complaints.
    """

    def __init__(self, go_type: str, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)
        self.go_type = go_type


def type_name(value: Any) -> str:
    """Return the name of a value's type in Go."""
    if isinstance(value, Struct):
        return value.go_type
    names: dict[type, str] = {
        bool: "bool",
        str: "string",
        int: "int",
        float: "float64",
        list: "[]interface {}",
        dict: "map[string]interface {}",
        type(None): "nil",
    }
    return names[type(value)]


def is_true(value: Any) -> bool:
    """Return whether `if` takes a value for true."""
    return True if isinstance(value, Struct) else bool(value)


def field_of(value: Any, name: str) -> Any:
    """Return a field; a map that lacks it gives nil.

    Raises:
        GoError: the value has no such field.
    """
    if value is None:
        raise GoError(f"nil pointer evaluating interface {{}}.{name}")
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if name in fields or not isinstance(value, Struct):
            return fields.get(name)
    raise GoError(f"can't evaluate field {name} in type {type_name(value)}")


def shown(value: Any) -> str:
    """Return a value as an action prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, Struct):
        return "{" + " ".join(shown(each) for each in value.values()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(map(shown, cast("list[Any]", value))) + "]"
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return "map[" + " ".join(f"{name}:{shown(fields[name])}" for name in sorted(fields)) + "]"
    return str(value)


def _number_text(value: float) -> str:
    """Return a number with a fraction as Go's `%v` writes it."""
    text = repr(value).removesuffix(".0")
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e21 else text


def quoted(text: str) -> str:
    """Return a text in quotes, as Go's `%q` writes it."""
    return json.dumps(text, ensure_ascii=False)
