"""The streamer: `/web/...` and `/action/...`, an action's messages while it makes them.

Source: apache/openserverless-streamer src/handlers/{web_action_handler,action_handler}.go. Each read of at
most 2048 bytes is followed by a line break, so that what works here works there. Where production would hang,
crash or drop something, this does not, and says so on the console.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from localops.access.basic_auth import is_authenticated
from localops.deployment.registry import Registry
from localops.errors import RequestError
from localops.openwhisk import media_type, web_action
from localops.openwhisk.entities import Action
from localops.openwhisk.namespace import USER
from localops.openwhisk.refusals import FOREIGN_TEXT
from localops.openwhisk.web_action import WebRequest
from localops.reading import json_value
from localops.routes.production import Differences
from localops.routes.request import read_body
from localops.streaming.framing import Framing, Reframing
from localops.streaming.relayed_response import CORS, RelayedResponse, refused
from localops.streaming.session import Streams, StreamSession

METHODS = ["GET", "POST", "OPTIONS"]
ALL_METHODS = [*METHODS, "HEAD", "PUT", "PATCH", "DELETE"]
RUNNING_TEXT = "Streamer proxy running"
# In production every path answers RUNNING_TEXT that names no action.
NOTHING_THERE_TEXT = "The streamer has nothing there; ask for /web/<namespace>/<package>/<action>.\n"
TYPE_TEXT = (
    "%s was asked to stream by a request of type %s; in production the action would not get its arguments: "
    "send application/json"
)

Members = dict[str, Any]
StartSession = Callable[[Request, Members], StreamSession]


class Streamer:
    """Answers streamed requests.

    Args:
        reframe: send one JSON object a line instead of what production sends.
    """

    def __init__(self, registry: Registry, streams: Streams, reframe: bool) -> None:
        self.registry = registry
        self.streams = streams
        self.framing = Reframing if reframe else Framing
        self.differences = Differences()

    def routes(self) -> list[Route]:
        return [
            *self.both("/web", self.web_session),
            *self.both("/action", self.private_session),
        ]

    def host_routes(self) -> list[Route]:
        """The routes under a host name of its own, where it answers every path."""
        return [*self.routes(), Route("/{path:path}", self.elsewhere, methods=ALL_METHODS)]

    async def elsewhere(self, request: Request) -> Response:
        """The answer to an address that can be no action's."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        if request.method not in ("GET", "HEAD"):
            return not_allowed(["GET", "HEAD"])
        if request.url.path == "/":
            return PlainTextResponse(RUNNING_TEXT, 200, CORS)
        return PlainTextResponse(NOTHING_THERE_TEXT, 404, CORS)

    def both(self, prefix: str, start: StartSession) -> list[Route]:
        """The routes of an action in a package and of one without."""

        async def answer(request: Request) -> Response:
            return await self.answer(request, start)

        paths = ("{namespace}/{package}/{action}", "{namespace}/{action}")
        return [Route(f"{prefix}/{path}", answer, methods=ALL_METHODS) for path in paths]

    async def answer(self, request: Request, start: StartSession) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        if request.method not in METHODS:
            return not_allowed(METHODS)
        try:
            session = start(request, json_object(await read_body(request)))
        except RequestError as error:
            return PlainTextResponse(error.message + "\n", error.status, CORS)
        return RelayedResponse(session, self.framing())

    def web_session(self, request: Request, members: Members) -> StreamSession:
        """Invoke a web action as if by its web address."""
        action = self.find(request)
        if action is None or not action.is_web():
            raise refused(404, f"No web action {path_of(request)} is deployed in the namespace {USER!r}.")
        self.tell_of_type(action, request)
        headers = {**request.headers, "content-type": "application/json"}
        user = USER if is_authenticated(request, self.streams.runner.api_key) else None

        def arguments(address: Mapping[str, str]) -> Members:
            body = json.dumps({**members, **address}).encode()
            asked = WebRequest("POST", headers, body=body, user=user)
            try:
                if not web_action.is_allowed(action, asked):
                    raise RequestError(401, web_action.UNAUTHORIZED_TEXT)
                return web_action.arguments(action, asked)
            except RequestError as error:
                raise refused(error.status, error.message) from error

        return self.streams.start(action, arguments, web=True)

    def tell_of_type(self, action: Action, request: Request) -> None:
        """Say it of a caller's type that production sends along with the JSON that it sends to the action."""
        named = request.headers.get("content-type", "application/json")
        kind = media_type.parse(named)
        if kind is None or not kind.is_json:
            self.differences.tell(TYPE_TEXT, action.path, named)

    def private_session(self, request: Request, members: Members) -> StreamSession:
        """Invoke any action for who has the key; nobody waits for its result."""
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            raise RequestError(400, "Missing Authorization header")
        if not secrets.compare_digest(key.encode(), self.streams.runner.api_key.encode()):
            raise RequestError(500, "The supplied authentication is invalid")
        if request.path_params["namespace"] != USER:
            raise RequestError(500, FOREIGN_TEXT)
        action = self.find(request)
        if action is None:
            raise RequestError(500, f"The requested resource does not exist: {path_of(request)}.")
        if web_action.fixed_parameters(action).intersection(members):
            raise RequestError(500, web_action.NOT_ALLOWED_TEXT)
        return self.streams.start(
            action, lambda address: {**action.parameters, **members, **address}, web=False
        )

    def find(self, request: Request) -> Action | None:
        if request.path_params["namespace"] != USER:
            return None
        return self.registry.find(package_of(request), request.path_params["action"])


def not_allowed(allowed: list[str]) -> Response:
    return PlainTextResponse("Method Not Allowed\n", 405, {**CORS, "Allow": ", ".join(allowed)})


def package_of(request: Request) -> str:
    return request.path_params.get("package", "default")


def path_of(request: Request) -> str:
    return f"{package_of(request)}/{request.path_params['action']}"


def json_object(body: bytes) -> Members:
    try:
        value: Any = json_value.read(body.strip() or b"{}")
    except ValueError as error:
        raise RequestError(500, f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise RequestError(500, 'The body must be a JSON object such as {"input": "Hello"}.')
    return cast("Members", value)
