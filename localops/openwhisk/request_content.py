"""The JSON object that a request brought, read member by member with OpenWhisk's words for what is wrong.

Source: apache/openwhisk Parameter.scala, SemVer.scala, pekko-http RejectionHandler.scala.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar, cast

from localops.errors import RequestError
from localops.reading import json_value

T = TypeVar("T", str, bool)
SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Half of a pair of escapes is no character: it can be read, but neither kept nor sent.
HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
MALFORMED_TEXT = "The request content was malformed:\n"


def malformed(reason: str) -> RequestError:
    return RequestError(400, MALFORMED_TEXT + reason)


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body holds; an empty body holds an empty one.

    Raises:
        RequestError: 400, it is no JSON object.
    """
    try:
        value = json_value.read(body or b"{}")
        if HALF_CHARACTER.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise malformed(str(error)) from error
    return as_object(value)


def as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise malformed("Object expected in field")
    return cast("dict[str, Any]", value)


class Content:
    """Members of an object by type. One that is absent or null is None; one of another type is malformed."""

    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members

    def text(self, name: str) -> str | None:
        return self.of_type(name, str, "String")

    def truth(self, name: str) -> bool | None:
        return self.of_type(name, bool, "Boolean")

    def of_type(self, name: str, kind: type[T], word: str) -> T | None:
        value = self.members.get(name)
        if value is not None and not isinstance(value, kind):
            raise malformed(f"Expected {name} to be a {word}, but got {json.dumps(value)}")
        return value

    def version(self) -> str | None:
        text = self.text("version")
        if text is not None and not SEMANTIC_VERSION.fullmatch(text):
            raise malformed("semantic version malformed")
        return text

    def within(self, name: str) -> Content | None:
        """The object that a member holds."""
        value = self.members.get(name)
        return None if value is None else Content(as_object(value))

    def texts(self, name: str) -> list[str]:
        """The texts that a member lists; none when it is absent."""
        value: Any = self.members.get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[Any]", value)):
            raise malformed(f"Expected {name} to be a list of Strings")
        return cast("list[str]", value)

    def key_values(self, name: str) -> dict[str, Any] | None:
        """What `[{"key": ..., "value": ...}, ...]` says, the form of parameters and annotations."""
        value: Any = self.members.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise malformed("parameters malformed!")
        return dict(key_value(each) for each in cast("list[Any]", value))


def key_value(pair: Any) -> tuple[str, Any]:
    if not isinstance(pair, dict) or not isinstance(pair.get("key"), str) or "value" not in pair:  # pyright: ignore[reportUnknownMemberType]
        raise malformed("parameters malformed!")
    members = cast("dict[str, Any]", pair)
    if members.get("init") or members.get("encryption"):
        raise RequestError(
            501,
            "localops does not do parameters with init or encryption; "
            f"{members['key']} has one. Leave it out.",
        )
    return members["key"], members["value"]
