"""Request bodies read with Go's rules and Go's complaints.

Only the first JSON value is read, whatever the Content-Type; unknown fields are ignored; a value of the wrong
kind is named. Source: encoding/json decode.go and scanner.go; ollama server/routes.go:248.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from string import hexdigits
from typing import Any, NoReturn, cast

from localops.ollama.errors import BadRequest
from localops.ollama.wire import whole_characters

_WHITE = " \t\r\n"
_AFTER = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
}


def _refuse_constant(name: str) -> NoReturn:  # Python's NaN and Infinity are no JSON
    raise BadRequest(f"invalid character '{name[0]}' looking for beginning of value")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def decode(body: bytes, go_type: str) -> Fields:
    """Read a request's body.

    Args:
        go_type: the Go name of what is expected, used in complaints: `GenerateRequest`.

    Raises:
        BadRequest: with Go's text.
    """
    text = body.decode("utf-8", "replace").lstrip(_WHITE)
    if not text:
        raise BadRequest("missing request body")
    try:
        value, _ = _decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        raise BadRequest(_complaint(text, error)) from error
    except RecursionError as error:
        raise BadRequest("exceeded max depth") from error
    if not isinstance(value, dict):
        raise BadRequest(f"json: cannot unmarshal {kind(value)} into Go value of type api.{go_type}")
    return Fields(go_type, cast("dict[str, Any]", value))


def kind(value: Any) -> str:
    """Name a JSON value as Go's complaints do."""
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
        """Whether the member was given."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Read a string; empty when absent."""
        return whole_characters(self._read(name, str, "string", ""))

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

    def items(self, name: str, go_item: str) -> list[Any]:
        """Read an array; empty when absent."""
        return self._read(name, list, f"[]{go_item}", [])

    def structs(self, name: str, go_item: str) -> list[Fields]:
        """Read an array of objects; empty when absent."""
        path = f"{self._path}{name}"
        read: list[Fields] = []
        for item in self.items(name, go_item):
            if not isinstance(item, dict):
                raise self._mismatch(name, item, go_item)
            read.append(Fields(self._go_type, cast("dict[str, Any]", item), f"{path}."))
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


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    if error.pos >= len(text.rstrip(_WHITE)) or error.msg == "Unterminated string starting at":
        return "unexpected EOF"
    context = _AFTER.get(error.msg, "looking for beginning of value")
    if error.msg == "Expecting ',' delimiter" and _inside_array(text[: error.pos]):
        context = "after array element"
    return f"invalid character {_go_character(text[_offence(text, error)])} {context}"


def _offence(text: str, error: json.JSONDecodeError) -> int:
    """Give the place of the character that Go would name; of an escape Python names the beginning."""
    if error.msg == "Invalid \\escape":
        return error.pos + 1
    if error.msg == "Invalid \\uXXXX escape":
        return len(text) - len(text[error.pos + 1 :].lstrip(hexdigits))
    return error.pos


def _inside_array(text: str) -> bool:
    # The text before the error is valid JSON, so brackets outside strings balance.
    open_brackets: list[str] = []
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            quoted = True
        else:
            _track(open_brackets, character)
    return bool(open_brackets) and open_brackets[-1] == "["


def _track(open_brackets: list[str], character: str) -> None:
    change: dict[str, Callable[[], object]] = {"]": open_brackets.pop, "}": open_brackets.pop}
    if character in "[{":
        open_brackets.append(character)
    elif character in change:
        change[character]()


def _go_character(character: str) -> str:
    named = {"'": "'\\''", '"': "'\"'", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'"}
    return named.get(character, f"'{character}'")
