"""Request bodies read with Go's rules.

Only the first JSON value is read, whatever the Content-Type; unknown fields are ignored; null is as good as
nothing; a value of the wrong kind is named as Go names it. What Python's reader takes and no other does is
brought into order here, once: numbers beyond 64 bits, halves of characters, values as deep as a well.
Source: encoding/json decode.go and scanner.go; ollama server/routes.go:248.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, cast

from localops.ollama.errors import BadRequest
from localops.ollama.wire import whole_characters

MAX_DEPTH = 200
"""Go's own is 10,000; llama.cpp and Python's writer end earlier, and no request comes near."""

_WHITE = " \t\r\n"
_INTEGERS = range(-(2**63), 2**63)
_MAX_INTEGER_DIGITS = 19


def decode(body: bytes, go_type: str) -> Fields:
    """Read a request's body.

    Args:
        go_type: the Go name of what is expected, used in complaints: `GenerateRequest`.

    Raises:
        BadRequest: it is not a JSON object.
    """
    text = body.decode("utf-8", "replace").lstrip(_WHITE)
    if not text:
        raise BadRequest("missing request body")
    try:
        value, _ = _decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        raise BadRequest(f"the request body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BadRequest("exceeded max depth") from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise BadRequest(f"json: cannot unmarshal {kind(value)} into Go value of type api.{go_type}")
    return Fields(go_type, _in_order(cast("dict[str, Any]", value), MAX_DEPTH))


def _refuse_constant(name: str) -> NoReturn:
    # Python's reader takes NaN and Infinity, which JSON does not have.
    raise BadRequest(f"the request body is not valid JSON: {name} is not a JSON value")


def _integer(digits: str) -> int | float:
    if len(digits.lstrip("-")) <= _MAX_INTEGER_DIGITS and (value := int(digits)) in _INTEGERS:
        return value
    return _real(digits)  # to Go, too, it is not an integer any more


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise BadRequest(f"json: cannot unmarshal number {digits[:20]}... into Go value of type float64")
    return value


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer, parse_float=_real)


def _in_order(value: Any, depth: int) -> Any:
    """Return a decoded value with whole characters in all its texts.

    Raises:
        BadRequest: it is deeper than `depth`.
    """
    if isinstance(value, str):
        return whole_characters(value)
    if not isinstance(value, list | dict):
        return value
    if not depth:
        raise BadRequest("exceeded max depth")
    if isinstance(value, list):
        return [_in_order(item, depth - 1) for item in cast("list[Any]", value)]
    members = cast("dict[str, Any]", value)
    return {whole_characters(name): _in_order(member, depth - 1) for name, member in members.items()}


def kind(value: Any) -> str:
    """Name a JSON value as Go's complaints do."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    names: dict[type, str] = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
    return names[type(value)]


class Fields:
    """The members of a request, each read with the type it must have; absent and null are the same.

    Args:
        go_type: the struct's name in Go.
        values: the decoded object.
        path: of a struct inside another, `messages.`.
    """

    def __init__(self, go_type: str, values: dict[str, Any], path: str = "") -> None:
        self.values = values
        self._go_type = go_type
        self._path = path

    def has(self, name: str) -> bool:
        """Return whether the member was given."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Read a string; empty when absent."""
        return self._read(name, str, "string", "")

    def flag(self, name: str) -> bool | None:
        """Read a boolean; None when absent."""
        return self._read(name, bool, "bool", None)

    def number(self, name: str) -> float | None:
        """Read a number; None when absent."""
        value = self.values.get(name)
        if isinstance(value, bool):
            raise self._mismatch(name, value, "float64")
        return self._read(name, (int, float), "float64", None)

    def integer(self, name: str) -> int | None:
        """Read a whole number; None when absent."""
        value = self.values.get(name)
        if isinstance(value, bool):
            raise self._mismatch(name, value, "int")
        return self._read(name, int, "int", None)

    def mapping(self, name: str) -> dict[str, Any]:
        """Read an object; empty when absent."""
        return self._read(name, dict, "map[string]interface {}", {})

    def struct(self, name: str) -> Fields:
        """Read an object whose members have types of their own; empty when absent."""
        return Fields(self._go_type, self.mapping(name), f"{self._path}{name}.")

    def items(self, name: str, go_item: str) -> list[Any]:
        """Read an array; empty when absent."""
        return self._read(name, list, f"[]{go_item}", [])

    def integers(self, name: str) -> list[int]:
        """Read an array of whole numbers, in which null is 0; empty when absent."""
        items = self.items(name, "int")
        for item in items:
            if item is not None and (isinstance(item, bool) or not isinstance(item, int)):
                raise self._mismatch(name, item, "int")
        return [item or 0 for item in items]

    def structs(self, name: str, go_item: str) -> list[Fields]:
        """Read an array of objects, in which null is an empty one; empty when absent."""
        path = f"{self._path}{name}"
        read: list[Fields] = []
        for item in self.items(name, go_item):
            if item is not None and not isinstance(item, dict):
                raise self._mismatch(name, item, go_item)
            read.append(Fields(self._go_type, cast("dict[str, Any]", item or {}), f"{path}."))
        return read

    def _read(self, name: str, kinds: Any, go_type: str, absent: Any) -> Any:
        value = self.values.get(name)
        if value is None:
            return absent
        if not isinstance(value, kinds):
            raise self._mismatch(name, value, go_type)
        return value

    def _mismatch(self, name: str, value: Any, go_type: str) -> BadRequest:
        place = f"{self._go_type}.{self._path}{name}"
        return BadRequest(
            f"json: cannot unmarshal {kind(value)} into Go struct field {place} of type {go_type}"
        )
