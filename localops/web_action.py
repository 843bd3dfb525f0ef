"""A web action's arguments and answer: from an HTTP request, and to an HTTP response. Pure functions.

Source: apache/openwhisk WebActions.scala, its tests and docs/webactions.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

from localops.entities import Action, Activation
from localops.errors import RequestError

EXTENSIONS = ("http", "json", "html", "svg", "text")
RESERVED = ("__ow_method", "__ow_headers", "__ow_path", "__ow_user", "__ow_query", "__ow_body")
HTML = "text/html; charset=UTF-8"
JSON = "application/json"
TEXT_TYPES = ("application/javascript", "application/xml", "image/svg+xml")

NOT_ALLOWED_TEXT = "Request defines parameters that are not allowed (e.g., reserved properties)."
NOT_HTTP_TEXT = "Response is not valid 'message/http'."
MISMATCH_TEXT = "Response type in header did not match generated content type."
UNKNOWN_TYPE_TEXT = "Response did not specify a known content-type."
NOT_JSON_TEXT = "Response is not valid 'application/json'."
NO_PROPERTY_TEXT = "Response does not include requested property."
FAILED_TEXT = "There was an error processing your request."


@dataclass(frozen=True)
class WebRequest:
    """An HTTP request to a web action.

    Attributes:
        path: what follows the action's name and extension, "" or beginning with a slash.
        headers: lower-case names.
        user: the namespace of a caller who proved it, else None.
    """

    method: str
    headers: Mapping[str, str]
    path: str = ""
    query: str = ""
    body: bytes = b""
    user: str | None = None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class WebResponse:
    """What the HTTP client gets; a header with several values stands several times."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def arguments(action: Action, request: WebRequest) -> dict[str, Any]:
    """What the entry function is called with.

    Raises:
        RequestError: 400, the body is malformed JSON or the request sets a protected parameter.
    """
    context: dict[str, Any] = {
        "__ow_method": request.method.lower(),
        "__ow_headers": dict(request.headers),
        "__ow_path": request.path,
    }
    if request.user is not None:
        context["__ow_user"] = request.user
    if action.is_raw():
        context["__ow_query"] = request.query
        context["__ow_body"] = raw_body(request)
        return {**action.parameters, **context}
    given: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    members = body_members(request)
    refuse_protected(action, [*given, *members])
    return {**action.parameters, **context, **given, **members, **whole_body(request)}


def refuse_protected(action: Action, names: list[str]) -> None:
    final = action.annotations.get("final") is True
    fixed = {key for key, value in action.parameters.items() if final and value is not None}
    if fixed.union(RESERVED).intersection(names):
        raise RequestError(400, NOT_ALLOWED_TEXT)


def is_json(content_type: str) -> bool:
    return content_type == JSON or content_type.endswith("+json")


def is_text(content_type: str) -> bool:
    return content_type.startswith("text/") or content_type in TEXT_TYPES or content_type.endswith("+xml")


def body_members(request: WebRequest) -> dict[str, Any]:
    """The body's members that become arguments of their own."""
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    value = json_body(request)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def whole_body(request: WebRequest) -> dict[str, Any]:
    """`__ow_body`, where the body is not merged into the arguments."""
    if not request.body or request.content_type == "application/x-www-form-urlencoded":
        return {}
    if is_json(request.content_type):
        value = json_body(request)
        return {} if isinstance(value, dict) else {"__ow_body": value}
    if is_text(request.content_type):
        return {"__ow_body": request.body.decode(errors="replace")}
    return {"__ow_body": base64.b64encode(request.body).decode()}


def json_body(request: WebRequest) -> Any:
    if not is_json(request.content_type) or not request.body.strip():
        return {}
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise RequestError(400, f"The request content was malformed: {error}.") from error


def raw_body(request: WebRequest) -> str:
    if is_text(request.content_type) or request.content_type == "application/x-www-form-urlencoded":
        return request.body.decode(errors="replace")
    return base64.b64encode(request.body).decode()


def response(activation: Activation, extension: str) -> WebResponse:
    """The HTTP answer that a finished activation's result describes.

    Args:
        extension: one of EXTENSIONS.

    Raises:
        RequestError: the result does not fit the extension, or the action broke.
    """
    if activation.status in ("action developer error", "whisk internal error"):
        raise RequestError(400, FAILED_TEXT)
    result: Any = activation.result
    if activation.status == "application error":
        result = result["error"]
    if extension == "json":
        if not isinstance(result, dict | list):
            raise RequestError(400, NOT_JSON_TEXT)
        return json_response(result)
    if extension == "http":
        return http_response(result)
    return property_response(result, extension)


def property_response(result: Any, extension: str) -> WebResponse:
    """The answer for `.html`, `.svg` and `.text`: one member of the result."""
    value: Any = result
    if isinstance(result, dict):
        members = cast("dict[str, Any]", result)
        value = members.get("body", members.get(extension))
        if value is None:
            raise RequestError(404, NO_PROPERTY_TEXT)
    if extension == "text":
        text = value if isinstance(value, str) else json.dumps(value)
        return WebResponse(200, text.encode(), [("content-type", "text/plain; charset=UTF-8")])
    if not isinstance(value, str):
        media = "text/html" if extension == "html" else "image/svg+xml"
        raise RequestError(400, f"Response is not valid '{media}'.")
    media = HTML if extension == "html" else "image/svg+xml"
    return WebResponse(200, value.encode(), [("content-type", media)])


def json_response(value: Any, status: int = 200, headers: list[tuple[str, str]] | None = None) -> WebResponse:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return WebResponse(status, text, [*(headers or []), ("content-type", JSON)])


def http_response(result: Any) -> WebResponse:
    """The answer that `statusCode`, `headers` and `body` describe."""
    if not isinstance(result, dict):
        raise RequestError(400, NOT_HTTP_TEXT)
    members = cast("dict[str, Any]", result)
    headers = header_lines(members.get("headers", {}))
    declared = next((value for name, value in headers if name.lower() == "content-type"), None)
    headers = [(name, value) for name, value in headers if name.lower() != "content-type"]
    body = members.get("body")
    status = status_code(members.get("statusCode", 204 if body in (None, "") else 200))
    if body in (None, ""):
        return WebResponse(status, b"", headers)
    if isinstance(body, str):
        return WebResponse(
            status, text_or_binary(body, declared), [*headers, ("content-type", declared or HTML)]
        )
    if declared is not None and not is_json(media_type(declared)):
        raise RequestError(400, MISMATCH_TEXT)
    return json_response(body, status, headers)


def status_code(value: Any) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not text.isdigit() or not 100 <= int(text) <= 599:
        raise RequestError(400, NOT_HTTP_TEXT)
    return int(text)


def header_lines(headers: Any) -> list[tuple[str, str]]:
    """Flatten the headers object; an array gives a line per element."""
    if not isinstance(headers, dict):
        raise RequestError(400, NOT_HTTP_TEXT)
    lines: list[tuple[str, str]] = []
    for name, value in cast("dict[str, Any]", headers).items():
        for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
            lines.append((name, header_value(each)))
    return lines


def header_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise RequestError(400, NOT_HTTP_TEXT)
    # A line break would start another header of the action's choosing.
    return str(value).replace("\r", " ").replace("\n", " ")


def media_type(declared: str) -> str:
    return declared.partition(";")[0].strip().lower()


def text_or_binary(body: str, declared: str | None) -> bytes:
    """The bytes of a string body: decoded from base64 where its type is a binary one."""
    media = media_type(declared or HTML)
    if "/" not in media:
        raise RequestError(400, UNKNOWN_TYPE_TEXT)
    if is_text(media):
        return body.encode()
    decoded = decoded_base64(body)
    if is_json(media):
        return body.encode() if decoded is None else decoded
    if decoded is None:
        raise RequestError(400, MISMATCH_TEXT)
    return decoded


def decoded_base64(text: str) -> bytes | None:
    if not text.strip() or len(text) % 4:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
