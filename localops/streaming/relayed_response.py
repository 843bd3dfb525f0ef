"""The answer to a streamed request: an action's messages as they come, or why there are none.

Source: apache/openserverless-streamer src/httpserver.go, src/handlers/web_action_handler.go.
"""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from localops.errors import RequestError
from localops.streaming.framing import Framing
from localops.streaming.session import StreamSession, web_status

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
}
CONTENT_TYPE = "text/plain; charset=utf-8"
HEADERS = [
    *((name.lower().encode(), value.encode()) for name, value in CORS.items()),
    (b"content-type", CONTENT_TYPE.encode()),
]
# Production's streamer does not name the activation; its API does, in every answer that made one.
ACTIVATION_HEADER = "x-openwhisk-activation-id"
# A stream that ends without a byte may have failed: the activation has this long to say so.
LONGEST_WAIT_FOR_REASON_S = 2.0

log = logging.getLogger("localops.stream")


class RelayedResponse(Response):
    """Relays what an action writes to its first connection."""

    def __init__(self, session: StreamSession, framing: Framing) -> None:
        super().__init__()
        self.session = session
        self.framing = framing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(self.notice_leaving(receive))
        try:
            # As in production the headers leave with the first bytes, so that a failure can have a status.
            if parts := await self.session.read():
                await send({"type": "http.response.start", "status": 200, "headers": self.stream_headers()})
                await self.relay(parts, send)
            elif not self.session.reader_left:
                await (await self.unstreamed())(scope, receive, send)
        finally:
            gone.cancel()
            self.session.leave()

    def stream_headers(self) -> list[tuple[bytes, bytes]]:
        return [*HEADERS, (ACTIVATION_HEADER.encode(), self.session.activation.id.encode())]

    async def notice_leaving(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.session.leave()
        log.info("%s: the reader left", self.session.activation.action.path)

    async def relay(self, parts: list[bytes], send: Send) -> None:
        while parts and not self.session.reader_left:
            for chunk in self.framing.feed(parts):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            parts = await self.session.read()
        rest = b"".join([*self.framing.end(), await self.last_words()])
        await send({"type": "http.response.body", "body": rest, "more_body": False})

    async def last_words(self) -> bytes:
        """The message that tells the reader of an answer that was cut; nothing after any other.

        Production's readers are left with half an answer, and its streamer ends.
        """
        if not self.session.was_cut:
            return b""
        activation = await self.session.outcome(LONGEST_WAIT_FOR_REASON_S)
        path = self.session.activation.action.path
        reason = activation.result.get("error") if activation else "its process ended"
        text = f"\n\nThis answer may be incomplete: the action {path} ended in the middle of it ({reason}). "
        text += f"Ask again; `python3 -m localops logs {path}` shows its log."
        return json.dumps({"output": text}).encode() + b"\n"

    async def unstreamed(self) -> Response:
        """The answer when there was nothing to relay."""
        activation = await self.session.outcome(LONGEST_WAIT_FOR_REASON_S)
        headers = {**CORS, ACTIVATION_HEADER: self.session.activation.id}
        if activation is None or not self.session.web:
            return PlainTextResponse("", 200, headers)
        status = web_status(activation)
        if 200 <= status < 300:
            return PlainTextResponse("", 200, headers)
        failed = activation.status != "success"
        reason = f"failed: {activation.result.get('error')}" if failed else f"answered with status {status}"
        error = refused(status, f"the action {activation.action.path} {reason}")
        return PlainTextResponse(error.message + "\n", error.status, headers)


def refused(status: int, message: str) -> RequestError:
    """Production's answer to a web action that does not start to stream, with the reason in a line below."""
    return RequestError(500, f"not ok ({status} {phrase(status)})\n{message}")


def phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else "unknown"
