"""Answer a streamed request with an action's messages as they come, or with why there are none.

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
from localops.streaming.session import StreamSession

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
}
_CONTENT_TYPE = "text/plain; charset=utf-8"
_HEADERS = [
    *((name.lower().encode(), value.encode()) for name, value in CORS.items()),
    (b"content-type", _CONTENT_TYPE.encode()),
]
# Production's streamer does not name the activation; its API does, in every answer that made one.
_ACTIVATION_HEADER = "x-openwhisk-activation-id"
# A stream that ends without a byte may have failed: the activation has this long to say so.
_MAX_WAIT_FOR_REASON_S = 2.0

_log = logging.getLogger("localops.stream")


class RelayedResponse(Response):
    """Relays what an action writes to its first connection."""

    def __init__(self, session: StreamSession, framing: Framing) -> None:
        super().__init__()
        self._session = session
        self._framing = framing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(self._notice_leaving(receive))
        try:
            # As in production the headers leave with the first bytes, so that a failure can have a status.
            if parts := await self._session.read():
                await send({"type": "http.response.start", "status": 200, "headers": self._stream_headers()})
                await self._relay(parts, send)
            elif not self._session.reader_left:
                await (await self._unstreamed())(scope, receive, send)
        finally:
            gone.cancel()
            self._session.leave()

    def _stream_headers(self) -> list[tuple[bytes, bytes]]:
        return [*_HEADERS, (_ACTIVATION_HEADER.encode(), self._session.activation.id.encode())]

    async def _notice_leaving(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._session.leave()
        _log.info("%s: the reader left", self._session.activation.action.path)

    async def _relay(self, parts: list[bytes], send: Send) -> None:
        while parts and not self._session.reader_left:
            for chunk in self._framing.feed(parts):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            parts = await self._session.read()
        rest = b"".join([*self._framing.end(), await self._last_words()])
        await send({"type": "http.response.body", "body": rest, "more_body": False})

    async def _last_words(self) -> bytes:
        """Return the message that tells the reader that the answer was cut; nothing after any other.

        Production's readers are left with half an answer, and its streamer ends.
        """
        if not self._session.was_cut:
            return b""
        activation = await self._session.outcome(_MAX_WAIT_FOR_REASON_S)
        path = self._session.activation.action.path
        reason = activation.result.get("error") if activation else "its process ended"
        text = f"\n\nThis answer may be incomplete: the action {path} ended in the middle of it ({reason}). "
        text += f"Ask again; `python3 -m localops logs {path}` shows its log."
        return json.dumps({"output": text}).encode() + b"\n"

    async def _unstreamed(self) -> Response:
        """Return the answer when there was nothing to relay."""
        activation = await self._session.outcome(_MAX_WAIT_FOR_REASON_S)
        headers = {**CORS, _ACTIVATION_HEADER: self._session.activation.id}
        call = self._session.web_call
        if activation is None or call is None:
            return PlainTextResponse("", 200, headers)
        status = call.status(activation)
        if 200 <= status < 300:
            return PlainTextResponse("", 200, headers)
        failed = activation.status != "success"
        reason = f"failed: {activation.result.get('error')}" if failed else f"answered with status {status}"
        error = refused(status, f"the action {activation.action.path} {reason}")
        return PlainTextResponse(error.message + "\n", error.status, headers)


def refused(status: int, message: str) -> RequestError:
    """Return production's answer where a web action does not begin to stream, and the reason below it."""
    return RequestError(500, f"not ok ({status} {_phrase(status)})\n{message}")


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else "unknown"
