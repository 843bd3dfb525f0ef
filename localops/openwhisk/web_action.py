"""Turn an HTTP request into a web action's arguments, and its result into an HTTP response. Pure functions.

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
from localops.openwhisk.content_negotiation import ANYTHING, Acceptance
from localops.openwhisk.entities import Action, Activation
from localops.openwhisk.http_answer import HTML, WebResponse, http_response
from localops.openwhisk.media_type import FORM, JSON, MediaType
from localops.openwhisk.request_content import malformed
from localops.reading import json_value

_RESERVED = ("__ow_method", "__ow_headers", "__ow_path", "__ow_user", "__ow_query", "__ow_body")
_SVG = "image/svg+xml"
# They belong to the connection; OpenWhisk does not show them to the action.
_HIDDEN_HEADERS = ("content-length", "transfer-encoding")

NOT_ALLOWED_TEXT = "Request defines parameters that are not allowed (e.g., reserved properties)."
NOT_JSON_TEXT = "Response is not valid 'application/json'."
NO_PROPERTY_TEXT = "Response does not include requested property."
FAILED_TEXT = "There was an error processing your request."
# Other words than the REST API's: they are the HTTP server's own for this status.
UNAUTHORIZED_TEXT = "Authentication is possible but has failed or not yet been provided."

NOT_ACCEPTABLE_TEXT = "Resource representation is only available with these types:\n"

_UNKNOWN = MediaType("application", "octet-stream")


@dataclass(frozen=True)
class WebRequest:
    """An HTTP request to a web action.

    Attributes:
        path: what follows the action's name and extension, "" or beginning with a slash.
        headers: lower-case names.
        user: the namespace of a caller who proved it, else None.
        body: as it came; or the JSON object that it is, where that has been read already.
    """

    method: str
    headers: Mapping[str, str]
    path: str = ""
    query: str = ""
    body: bytes | Mapping[str, Any] = b""
    user: str | None = None

    @cached_property
    def media_type(self) -> MediaType:
        """The type of the body; of unspecified bytes where no header names one."""
        return media_type.parse(self.headers.get("content-type", "")) or _UNKNOWN

    @property
    def is_form(self) -> bool:
        return self.media_type.value == FORM


def arguments(action: Action, request: WebRequest) -> dict[str, Any]:
    """Return what the entry function is called with.

    Raises:
        RequestError: 400, the body is malformed JSON or the request sets a protected parameter.
    """
    context: dict[str, Any] = {
        "__ow_method": request.method.lower(),
        "__ow_headers": {
            name: value for name, value in request.headers.items() if name not in _HIDDEN_HEADERS
        },
        "__ow_path": request.path,
    }
    if request.user is not None:
        context["__ow_user"] = request.user
    if action.is_raw():
        context["__ow_query"] = request.query
        context["__ow_body"] = _raw_body(request)
        return {**action.parameters, **context}
    given: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    members, rest = _body_arguments(request)
    _refuse_protected(action, [*given, *members])
    return {**action.parameters, **context, **given, **members, **rest}


def is_allowed(action: Action, request: WebRequest) -> bool:
    """Return whether the annotation `require-whisk-auth` lets this request in."""
    required = action.annotations.get("require-whisk-auth", False)
    if isinstance(required, bool):
        return not required or request.user is not None
    if not isinstance(required, str | int | float):
        return False
    shown = request.headers.get("x-require-whisk-auth", "")
    return secrets.compare_digest(shown.encode(), str(required).encode())


def _refuse_protected(action: Action, names: list[str]) -> None:
    if fixed_parameters(action).union(_RESERVED).intersection(names):
        raise RequestError(400, NOT_ALLOWED_TEXT)


def fixed_parameters(action: Action) -> set[str]:
    """Return the parameters that a caller cannot set: all that have a value, when the action is `final`."""
    if action.annotations.get("final") is not True:
        return set()
    return {name for name, value in action.parameters.items() if value is not None}


def _body_arguments(request: WebRequest) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the arguments that the body gives: its members, and `__ow_body` where it has none."""
    body, kind = request.body, request.media_type
    if not isinstance(body, bytes):
        return body, {}
    if request.is_form:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)), {}
    if not body:
        return {}, {}
    if not kind.is_json:
        return {}, {"__ow_body": _text_or_base64(body, kind)}
    try:
        value = json_value.read(body)
    except ValueError as error:
        raise malformed(str(error)) from error
    return (cast("dict[str, Any]", value), {}) if isinstance(value, dict) else ({}, {"__ow_body": value})


def _raw_body(request: WebRequest) -> str:
    """Return the body as a raw action gets it: a form as text, `application/json` in base64 all the same."""
    body = request.body
    if not isinstance(body, bytes):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return body.decode(errors="replace") if request.is_form else _text_or_base64(body, request.media_type)


def _text_or_base64(body: bytes, kind: MediaType) -> str:
    if kind.is_text or (kind.is_json_text and kind.value != JSON):
        return body.decode(errors="replace")
    return base64.b64encode(body).decode()


def response(activation: Activation, extension: str, acceptance: Acceptance = ANYTHING) -> WebResponse:
    """Return the HTTP answer that a finished activation's result describes.

    Args:
        extension: one of EXTENSIONS.
        acceptance: what the caller accepts; answers without a body, and other than 2xx, go to everybody.

    Raises:
        RequestError: the result does not fit the extension, or the action broke; 406, the caller does not
            accept the type of the body.
    """
    answer = _described(activation, extension)
    kind = answer.media_type
    if kind and 200 <= answer.status < 300 and not acceptance.admits(kind):
        # Of `.text` the server could change the charset.
        raise RequestError(406, NOT_ACCEPTABLE_TEXT + (kind.value if extension == "text" else kind.header()))
    return answer


def _described(activation: Activation, extension: str) -> WebResponse:
    if activation.status in ("action developer error", "whisk internal error"):
        raise RequestError(400, FAILED_TEXT)
    result: Any = activation.result
    if activation.status == "application error":
        result = result["error"]
    if extension == "json":
        if not isinstance(result, dict | list):
            raise RequestError(400, NOT_JSON_TEXT)
        return _json_response(result)
    if extension == "http":
        return http_response(result)
    return _property_response(result, extension)


def _property_response(result: Any, extension: str) -> WebResponse:
    """Return the answer for `.html`, `.svg` and `.text`: one member of the result, or all of it."""
    found: list[Any] = [result]
    if isinstance(result, dict):
        members = cast("dict[str, Any]", result)
        found = [members[name] for name in ("body", extension) if name in members]
    if extension == "text":
        if not found:
            raise RequestError(404, NO_PROPERTY_TEXT)
        return WebResponse(200, _as_text(found[0]).encode(), [("content-type", "text/plain; charset=UTF-8")])
    if not found or not isinstance(found[0], str):
        raise RequestError(400, f"Response is not valid '{'text/html' if extension == 'html' else _SVG}'.")
    return WebResponse(200, found[0].encode(), [("content-type", HTML if extension == "html" else _SVG)])


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else _pretty(value)


def _pretty(value: Any, indent: str = "") -> str:
    """Return JSON with an object's members on lines of their own. Source: spray-json PrettyPrinter.scala."""
    if isinstance(value, list):
        return f"[{', '.join(_pretty(each, indent) for each in cast('list[Any]', value))}]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    deeper = f"{indent}  "
    members = [
        f"{deeper}{json.dumps(name, ensure_ascii=False)}: {_pretty(each, deeper)}"
        for name, each in cast("dict[str, Any]", value).items()
    ]
    return "\n".join(["{", ",\n".join(members), f"{indent}}}"])


def _json_response(value: Any) -> WebResponse:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return WebResponse(200, text, [("content-type", JSON)])
