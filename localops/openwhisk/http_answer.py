"""Turn a result's `statusCode`, `headers` and `body` into an HTTP answer.

Source: apache/openwhisk WebActions.scala (resultAsHttp, interpretHttpResponse).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, cast

from localops.errors import RequestError
from localops.openwhisk import base64_text, media_type
from localops.openwhisk.media_type import JSON, MediaType

HTML = "text/html; charset=UTF-8"
# An action cannot set them: they describe how this server sends the answer.
_SERVER_HEADERS = ("content-length", "transfer-encoding", "connection", "date", "server")
_EMPTY_STATUSES = (204, 304)
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

NOT_HTTP_TEXT = "Response is not valid 'message/http'."
MISMATCH_TEXT = "Response type in header did not match generated content type."
UNKNOWN_TYPE_TEXT = "Response did not specify a known content-type."


@dataclass(frozen=True)
class WebResponse:
    """The response to the HTTP client; a header with several values is there several times."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def media_type(self) -> MediaType | None:
        """The type of the body; None where the result has no body."""
        named = [value for name, value in self.headers if name == "content-type"]
        return media_type.parse(named[0]) if named else None


def http_response(result: Any) -> WebResponse:
    """Return the answer that `statusCode`, `headers` and `body` describe."""
    if not isinstance(result, dict):
        raise RequestError(400, NOT_HTTP_TEXT)
    members = cast("dict[str, Any]", result)
    headers = _header_lines(members.get("headers", {}))
    declared = next((value for name, value in headers if name.lower() == "content-type"), None)
    headers = [pair for pair in headers if pair[0].lower() not in ("content-type", *_SERVER_HEADERS)]
    body = members.get("body")
    status = _status_code(members.get("statusCode", 204 if body in (None, "") else 200))
    if body in (None, ""):
        return WebResponse(status, b"", headers)
    kind = media_type.parse(declared or (HTML if isinstance(body, str) else JSON))
    if kind is None:
        raise RequestError(400, UNKNOWN_TYPE_TEXT if isinstance(body, str) else MISMATCH_TEXT)
    data = _string_entity(body, kind) if isinstance(body, str) else _json_entity(body, kind)
    # A body would be taken for the beginning of the next answer.
    return WebResponse(
        status, b"" if status in _EMPTY_STATUSES else data, [*headers, ("content-type", kind.header())]
    )


def _status_code(value: Any) -> int:
    whole = isinstance(value, int | str) or (isinstance(value, float) and value.is_integer())
    text = str(int(value) if isinstance(value, float) and whole else value)
    # A status below 200 is not a final answer: the client would go on waiting for one.
    if (
        not whole
        or isinstance(value, bool)
        or not _WHOLE_NUMBER.fullmatch(text)
        or not 200 <= int(text) <= 599
    ):
        raise RequestError(400, NOT_HTTP_TEXT)
    return int(text)


def _header_lines(headers: Any) -> list[tuple[str, str]]:
    """Flatten the headers object; an array gives a line per element."""
    if not isinstance(headers, dict):
        raise RequestError(400, NOT_HTTP_TEXT)
    lines: list[tuple[str, str]] = []
    for name, value in cast("dict[str, Any]", headers).items():
        if not _HEADER_NAME.fullmatch(name):
            raise RequestError(400, NOT_HTTP_TEXT)
        lines += [(name, each) for each in _header_values(value)]
    return lines


def _header_values(value: Any) -> list[str]:
    if isinstance(value, list):
        return [each for inner in cast("list[Any]", value) for each in _header_values(inner)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if not isinstance(value, str | int | float):
        raise RequestError(400, NOT_HTTP_TEXT)
    # A line break would start another header of the action's choosing.
    text = _NOT_IN_HEADERS.sub(" ", str(value))
    # Headers are Latin-1 on the wire; what is not goes as the bytes of UTF-8.
    return [text if max(text, default="") <= "\xff" else text.encode().decode("latin-1")]


def _json_entity(body: Any, kind: MediaType) -> bytes:
    if not kind.is_json:
        raise RequestError(400, MISMATCH_TEXT)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _string_entity(body: str, kind: MediaType) -> bytes:
    """Return the bytes of a string body, decoded from base64 where its type is a binary one."""
    if kind.is_json_text:
        data = base64_text.decoded(body)
        return body.encode() if data is None else data
    if kind.is_text:
        return body.encode()
    data = base64_text.decoded_leniently(body)
    if data is None:
        raise RequestError(400, MISMATCH_TEXT)
    return data
