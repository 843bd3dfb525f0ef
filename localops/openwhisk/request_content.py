"""Read the JSON object of a request member by member, with OpenWhisk's messages for what is wrong.

Source: apache/openwhisk Parameter.scala, SemVer.scala, pekko-http RejectionHandler.scala.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar, cast

from localops.errors import RequestError
from localops.reading import json_value

_T = TypeVar("_T", str, bool)
_SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Half of a surrogate pair is not a character: it can be read, but neither kept nor sent.
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
_MALFORMED_TEXT = "The request content was malformed:\n"


def malformed(reason: str) -> RequestError:
    return RequestError(400, _MALFORMED_TEXT + reason)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds; an empty body holds an empty one.

    Raises:
        RequestError: 400, it is not a JSON object.
    """
    try:
        value = json_value.read(body or b"{}")
        if _HALF_CHARACTER.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise malformed(str(error)) from error
    return _as_object(value)


def _as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise malformed("Object expected in field")
    return cast("dict[str, Any]", value)


class Content:
    """The members of an object, read by type: absent or null is None, another type is malformed."""

    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members

    def text(self, name: str) -> str | None:
        return self._of_type(name, str, "String")

    def truth(self, name: str) -> bool | None:
        return self._of_type(name, bool, "Boolean")

    def _of_type(self, name: str, kind: type[_T], word: str) -> _T | None:
        value = self.members.get(name)
        if value is not None and not isinstance(value, kind):
            raise malformed(f"Expected {name} to be a {word}, but got {json.dumps(value)}")
        return value

    def version(self) -> str | None:
        text = self.text("version")
        if text is not None and not _SEMANTIC_VERSION.fullmatch(text):
            raise malformed("semantic version malformed")
        return text

    def within(self, name: str) -> Content | None:
        """Return the object that a member holds."""
        value = self.members.get(name)
        return None if value is None else Content(_as_object(value))

    def texts(self, name: str) -> list[str]:
        """Return the texts that a member lists; none when it is absent."""
        value: Any = self.members.get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[Any]", value)):
            raise malformed(f"Expected {name} to be a list of Strings")
        return cast("list[str]", value)

    def key_values(self, name: str) -> dict[str, Any] | None:
        """Return the mapping that `[{"key": ..., "value": ...}, ...]` stands for, as in parameters."""
        value: Any = self.members.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise malformed("parameters malformed!")
        return dict(_key_value(each) for each in cast("list[Any]", value))


def _key_value(pair: Any) -> tuple[str, Any]:
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
