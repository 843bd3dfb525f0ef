"""A web action's arguments and answer: from an HTTP request, and to an HTTP response. Pure functions.

Source: apache/openwhisk WebActions.scala, its tests and docs/webactions.md; WhiskAction.scala for the
parameters that a caller cannot set.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import parse_qsl

from localops.errors import RequestError
from localops.openwhisk import media_type
from localops.openwhisk.entities import Action, Activation
from localops.openwhisk.http_answer import HTML, WebResponse, http_response
from localops.openwhisk.media_type import FORM, JSON, MediaType
from localops.openwhisk.request_content import malformed
from localops.reading import json_value

EXTENSIONS = ("http", "json", "html", "svg", "text")
RESERVED = ("__ow_method", "__ow_headers", "__ow_path", "__ow_user", "__ow_query", "__ow_body")
SVG = "image/svg+xml"
# They belong to the connection; OpenWhisk's server keeps them from the action.
HIDDEN_HEADERS = ("content-length", "transfer-encoding")

NOT_ALLOWED_TEXT = "Request defines parameters that are not allowed (e.g., reserved properties)."
NOT_JSON_TEXT = "Response is not valid 'application/json'."
NO_PROPERTY_TEXT = "Response does not include requested property."
FAILED_TEXT = "There was an error processing your request."
# Other words than the REST API's: they are the HTTP server's own for this status.
UNAUTHORIZED_TEXT = "Authentication is possible but has failed or not yet been provided."

UNKNOWN = MediaType("application", "octet-stream")


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

    @cached_property
    def media_type(self) -> MediaType:
        """What the body is; bytes of no kind where no header says it."""
        return media_type.parse(self.headers.get("content-type", "")) or UNKNOWN

    @property
    def is_form(self) -> bool:
        return self.media_type.value == FORM


def arguments(action: Action, request: WebRequest) -> dict[str, Any]:
    """What the entry function is called with.

    Raises:
        RequestError: 400, the body is malformed JSON or the request sets a protected parameter.
    """
    context: dict[str, Any] = {
        "__ow_method": request.method.lower(),
        "__ow_headers": {
            name: value for name, value in request.headers.items() if name not in HIDDEN_HEADERS
        },
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


def is_allowed(action: Action, request: WebRequest) -> bool:
    """Whether the annotation `require-whisk-auth` lets this request in."""
    required = action.annotations.get("require-whisk-auth", False)
    if isinstance(required, bool):
        return not required or request.user is not None
    if not isinstance(required, str | int | float):
        return False
    shown = request.headers.get("x-require-whisk-auth", "")
    return secrets.compare_digest(shown.encode(), str(required).encode())


def refuse_protected(action: Action, names: list[str]) -> None:
    if fixed_parameters(action).union(RESERVED).intersection(names):
        raise RequestError(400, NOT_ALLOWED_TEXT)


def fixed_parameters(action: Action) -> set[str]:
    """The parameters that a caller cannot set: all that have a value, when the action is `final`."""
    if action.annotations.get("final") is not True:
        return set()
    return {name for name, value in action.parameters.items() if value is not None}


def body_members(request: WebRequest) -> dict[str, Any]:
    """The body's members that become arguments of their own."""
    if request.is_form:
        return dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    value = json_body(request)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def whole_body(request: WebRequest) -> dict[str, Any]:
    """`__ow_body`, where the body is not merged into the arguments."""
    if not request.body or request.is_form:
        return {}
    if request.media_type.is_json:
        value = json_body(request)
        return {} if isinstance(value, dict) else {"__ow_body": value}
    return {"__ow_body": text_or_base64(request)}


def json_body(request: WebRequest) -> Any:
    if not request.media_type.is_json or not request.body:
        return {}
    try:
        return json_value.read(request.body)
    except ValueError as error:
        raise malformed(str(error)) from error


def raw_body(request: WebRequest) -> str:
    """The body as a raw action gets it: a form as text, `application/json` in base64 all the same."""
    if request.is_form:
        return request.body.decode(errors="replace")
    return text_or_base64(request)


def text_or_base64(request: WebRequest) -> str:
    kind = request.media_type
    if kind.is_text or (kind.is_json_text and kind.value != JSON):
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
    """The answer for `.html`, `.svg` and `.text`: one member of the result, or all of what is no object."""
    found: list[Any] = [result]
    if isinstance(result, dict):
        members = cast("dict[str, Any]", result)
        found = [members[name] for name in ("body", extension) if name in members]
    if extension == "text":
        if not found:
            raise RequestError(404, NO_PROPERTY_TEXT)
        return WebResponse(200, as_text(found[0]).encode(), [("content-type", "text/plain; charset=UTF-8")])
    if not found or not isinstance(found[0], str):
        raise RequestError(400, f"Response is not valid '{'text/html' if extension == 'html' else SVG}'.")
    return WebResponse(200, found[0].encode(), [("content-type", HTML if extension == "html" else SVG)])


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else pretty(value)


def pretty(value: Any, indent: str = "") -> str:
    """JSON with an object's members on lines of their own. Source: spray-json PrettyPrinter.scala."""
    if isinstance(value, list):
        return f"[{', '.join(pretty(each, indent) for each in cast('list[Any]', value))}]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    deeper = f"{indent}  "
    members = [
        f"{deeper}{json.dumps(name, ensure_ascii=False)}: {pretty(each, deeper)}"
        for name, each in cast("dict[str, Any]", value).items()
    ]
    return "\n".join(["{", ",\n".join(members), f"{indent}}}"])


def json_response(value: Any, status: int = 200, headers: list[tuple[str, str]] | None = None) -> WebResponse:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return WebResponse(status, text, [*(headers or []), ("content-type", JSON)])
