"""The streamer: `/web/<namespace>/<package>/<action>`, an action's messages while it makes them.

Source: apache/openserverless-streamer src/handlers/web_action_handler.go. Each read is followed by a line
break. Where production would hang, crash or drop something, this does not, and says so on the console.
"""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from localops import web_action
from localops.config import USER
from localops.entities import Action, Activation
from localops.errors import RequestError
from localops.registry import Registry
from localops.routes.request import read_body
from localops.runner import Runner
from localops.streamer import StreamListener
from localops.web_action import WebRequest

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
}
CONTENT_TYPE = "text/plain; charset=utf-8"

log = logging.getLogger("localops.stream")


class Streamer:
    """Answers streamed requests to web actions."""

    def __init__(self, registry: Registry, runner: Runner) -> None:
        self.registry = registry
        self.runner = runner

    def routes(self) -> list[Route]:
        methods = ["GET", "POST", "OPTIONS"]
        return [
            Route("/web/{namespace}/{package}/{action}", self.answer, methods=methods),
            Route("/web/{namespace}/{action}", self.answer, methods=methods),
        ]

    async def answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        try:
            members = json_object(await read_body(request))
            action = self.find(request)
        except RequestError as error:
            return refusal(error.status, error.message)
        return RelayedResponse(self.runner, action, request, members)

    def find(self, request: Request) -> Action:
        package = request.path_params.get("package", "default")
        action = self.registry.find(package, request.path_params["action"])
        if request.path_params["namespace"] != USER or action is None or not action.is_web():
            path = f"{package}/{request.path_params['action']}"
            raise RequestError(404, f"No web action {path} is deployed in the namespace {USER!r}.")
        return action


def json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise RequestError(500, f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise RequestError(500, 'The body must be a JSON object such as {"input": "Hello"}.')
    return value  # pyright: ignore[reportUnknownVariableType] - any JSON object will do


def refusal(status: int, message: str) -> Response:
    """Production's answer to an action that does not start to stream, with the reason after it."""
    if status != 500:
        message = f"not ok ({status} {HTTPStatus(status).phrase}): {message}"
    return PlainTextResponse(message + "\n", 500, CORS)


class RelayedResponse(Response):
    """Invokes an action and relays what it writes to its first connection."""

    def __init__(self, runner: Runner, action: Action, request: Request, members: dict[str, Any]) -> None:
        super().__init__()
        self.runner = runner
        self.action = action
        self.request_headers = {**request.headers, "content-type": "application/json"}
        self.members = members

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with StreamListener() as listener:
            try:
                activation = self.invoke(listener)
            except RequestError as error:
                await refusal(error.status, error.message)(scope, receive, send)
                return
            relay = asyncio.create_task(self.relay(listener, activation, scope, receive, send))
            gone = asyncio.create_task(client_leaves(receive))
            await asyncio.wait({relay, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not relay.done():
                relay.cancel()
                log.info("%s: the reader left", self.action.path)
            await asyncio.gather(relay, gone, return_exceptions=True)
            if listener.connection and listener.second_connection_was_made():
                self.warn("connected a second time; production drops all that such a connection sends")
        activation.add_done_callback(self.judge_end)

    def invoke(self, listener: StreamListener) -> asyncio.Task[Activation]:
        body = json.dumps({**self.members, **listener.arguments()}).encode()
        request = WebRequest("POST", self.request_headers, body=body)
        return self.runner.invoke(self.action, web_action.arguments(self.action, request))

    async def relay(
        self,
        listener: StreamListener,
        activation: asyncio.Task[Activation],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if not await self.connected(listener, activation):
            await self.unstreamed(activation)(scope, receive, send)
            return
        # As in production the headers leave with the first bytes, so that a failure can still have a status.
        first = await listener.read()
        if not first:
            await asyncio.wait({activation})
            await self.unstreamed(activation)(scope, receive, send)
            return
        headers = [(name.lower().encode(), value.encode()) for name, value in CORS.items()]
        headers.append((b"content-type", CONTENT_TYPE.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while first:
            await send({"type": "http.response.body", "body": first + b"\n", "more_body": True})
            first = await listener.read()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def connected(self, listener: StreamListener, activation: asyncio.Task[Activation]) -> bool:
        """Wait until the action connects or ends; True when it has connected."""
        accept = asyncio.create_task(listener.accept())
        await asyncio.wait({accept, activation}, return_when=asyncio.FIRST_COMPLETED)
        if accept.done():
            return True
        accept.cancel()
        await asyncio.gather(accept, return_exceptions=True)
        if listener.accept_waiting():
            return True
        self.warn("ended without connecting; production lets the reader wait for ever. Connect first, always")
        return False

    def unstreamed(self, activation: asyncio.Task[Activation]) -> Response:
        """The answer when there was nothing to relay."""
        ended = activation.result()
        if ended.status == "success":
            return PlainTextResponse("", 200, CORS)
        return refusal(400, f"the action {self.action.path} failed: {ended.result.get('error')}")

    def judge_end(self, activation: asyncio.Task[Activation]) -> None:
        if activation.result().status != "success":
            self.warn(
                "failed after it had streamed; this ends production's streamer for everybody. "
                "Send the error as text and return normally"
            )

    def warn(self, rule: str) -> None:
        log.warning("%s %s.", self.action.path, rule)


async def client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
