"""Answer streamed requests, `/web/...` and `/action/...`, with an action's messages as it makes them.

Source: apache/openserverless-streamer src/httpserver.go, src/handlers/{web_action_handler,action_handler}.go.
Each read of at most 2048 bytes is followed by a line break, so that what works here works there. Where
production would hang, crash or drop something, this does not, and warns about it on the console.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from localops.access.basic_auth import is_authenticated
from localops.deployment.registry import Registry
from localops.errors import RequestError
from localops.openwhisk import media_type, web_action
from localops.openwhisk.content_negotiation import Acceptance
from localops.openwhisk.entities import Action, Activation
from localops.openwhisk.namespace import USER
from localops.openwhisk.refusals import FOREIGN_TEXT
from localops.openwhisk.web_action import WebRequest
from localops.openwhisk.web_address import NO_PACKAGE, streamed_address
from localops.reading import json_value
from localops.routes.production import Differences
from localops.routes.request import read_body
from localops.streaming.framing import Framing, Reframing
from localops.streaming.relayed_response import CORS, RelayedResponse, refused
from localops.streaming.session import Streams, StreamSession
from localops.streaming.web_call import WebCall

_METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
_ALL_METHODS = [*_METHODS, "PUT", "PATCH", "DELETE"]
_RUNNING_TEXT = "Streamer proxy running"
# In production every path that does not name an action answers _RUNNING_TEXT.
_NOTHING_THERE_TEXT = "The streamer has nothing there; ask for /web/<namespace>/<package>/<action>.\n"
_TYPE_TEXT = (
    "%s was asked to stream by a request of type %s; in production the action would not get its arguments: "
    "send application/json"
)

_Members = dict[str, Any]
_Call = tuple[Activation, WebCall | None]
_PrepareCall = Callable[[Request, _Members], _Call]


class _SegmentRoute(Route):
    """A route whose parameters are the segments of the path as it was sent, decoded one by one.

    A segment may so hold a slash or a question mark, as in Go's ServeMux.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        sent = scope["raw_path"].decode("latin-1") if scope["type"] == "http" else scope["path"]
        match, found = super().matches({**scope, "path": sent})
        parameters = found.get("path_params", {})
        return match, {**found, "path_params": {name: unquote(value) for name, value in parameters.items()}}


class Streamer:
    """Answers streamed requests.

    Args:
        reframe: send one JSON object a line instead of what production sends.
    """

    def __init__(self, registry: Registry, streams: Streams, reframe: bool) -> None:
        self._registry = registry
        self._streams = streams
        self._framing = Reframing if reframe else Framing
        self._differences = Differences()

    def routes(self) -> list[BaseRoute]:
        return [*self._both("/web", self._web_call), *self._both("/action", self._private_call)]

    def host_routes(self) -> list[BaseRoute]:
        """Return the routes under a host name of its own, where it answers every path."""
        return [*self.routes(), Route("/{path:path}", self._elsewhere, methods=_ALL_METHODS)]

    async def _elsewhere(self, request: Request) -> Response:
        """Answer at an address that cannot be an action's."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        if request.method not in ("GET", "HEAD"):
            return _not_allowed(["GET", "HEAD"])
        if request.url.path == "/":
            return PlainTextResponse(_RUNNING_TEXT, 200, CORS)
        return PlainTextResponse(_NOTHING_THERE_TEXT, 404, CORS)

    def _both(self, prefix: str, prepare: _PrepareCall) -> list[BaseRoute]:
        """Return the routes of an action in a package and of one without."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, prepare)

        paths = ("{namespace}/{package}/{action}", "{namespace}/{action}")
        return [_SegmentRoute(f"{prefix}/{path}", answer, methods=_ALL_METHODS) for path in paths]

    async def _answer(self, request: Request, prepare: _PrepareCall) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        if request.method not in _METHODS:
            return _not_allowed(_METHODS)
        try:
            session = self._start(request, _json_object(await read_body(request)), prepare)
        except RequestError as error:
            return PlainTextResponse(error.message + "\n", error.status, CORS)
        return RelayedResponse(session, self._framing())

    def _start(self, request: Request, members: _Members, prepare: _PrepareCall) -> StreamSession:
        listener = self._streams.open_listener()
        try:
            activation, web_call = prepare(request, {**members, **listener.address()})
        except BaseException:
            listener.close()
            raise
        return self._streams.start(listener, activation, web_call)

    def _web_call(self, request: Request, members: _Members) -> _Call:
        """Return the call of a web action as if by its web address."""
        address = streamed_address(*_segments(request))
        action = None
        if address and address.namespace == USER:
            action = self._registry.find(address.package, address.action)
        if address is None or action is None or not action.is_web():
            raise refused(404, f"No web action {_shown(request)} is deployed in the namespace {USER!r}.")
        self._tell_of_type(action, request)
        headers = {**request.headers, "content-type": "application/json"}
        user = USER if is_authenticated(request, self._streams.runner.api_key) else None
        asked = WebRequest("POST", headers, address.path, address.query, members, user)
        try:
            if not web_action.is_allowed(action, asked):
                raise RequestError(401, web_action.UNAUTHORIZED_TEXT)
            arguments = web_action.arguments(action, asked)
        except RequestError as error:
            raise refused(error.status, error.message) from error
        return Activation(action, arguments), WebCall(address.extension, _acceptance(request))

    def _tell_of_type(self, action: Action, request: Request) -> None:
        """Warn of a caller's type that production sends along with the JSON that it sends to the action."""
        named = request.headers.get("content-type", "application/json")
        kind = media_type.parse(named)
        if kind is None or not kind.is_json:
            self._differences.tell(_TYPE_TEXT, action.path, named)

    def _private_call(self, request: Request, members: _Members) -> _Call:
        """Return the call of any action by a caller who has the key; nobody waits for its result."""
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            raise RequestError(400, "Missing Authorization header")
        if not secrets.compare_digest(key.encode(), self._streams.runner.api_key.encode()):
            raise RequestError(500, "The supplied authentication is invalid")
        namespace, *names = _segments(request)
        if namespace != USER:
            raise RequestError(500, FOREIGN_TEXT)
        package, _, name = "/".join(names).rpartition("/")
        action = self._registry.find(package or NO_PACKAGE, name)
        if action is None:
            raise RequestError(500, f"The requested resource does not exist: {_shown(request)}.")
        if web_action.fixed_parameters(action).intersection(members):
            raise RequestError(500, web_action.NOT_ALLOWED_TEXT)
        return Activation(action, {**action.parameters, **members}), None


def _segments(request: Request) -> list[str]:
    """Return the namespace, the package where there is one, and the action."""
    return list(request.path_params.values())


def _acceptance(request: Request) -> Acceptance:
    """Return what the reader accepts; of each header the streamer passes the first line on."""
    first = [request.headers.getlist(name)[:1] for name in ("accept", "accept-charset")]
    return Acceptance(*first)


def _not_allowed(allowed: list[str]) -> Response:
    return PlainTextResponse("Method Not Allowed\n", 405, {**CORS, "Allow": ", ".join(allowed)})


def _shown(request: Request) -> str:
    """Return the path of the action that was asked for."""
    names = "/".join(_segments(request)[1:])
    return names if "/" in names else f"{NO_PACKAGE}/{names}"


def _json_object(body: bytes) -> _Members:
    try:
        value: Any = json_value.read(body.strip() or b"{}")
    except ValueError as error:
        raise RequestError(500, f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise RequestError(500, 'The body must be a JSON object such as {"input": "Hello"}.')
    return cast("_Members", value)
