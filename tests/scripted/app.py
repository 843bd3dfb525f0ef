"""The server's application over a script: records requests, picks their answers, carries out their faults."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localops.ollama.catalog import Catalog
from localops.ollama.errors import BadRequest
from localops.ollama.godecode import Fields
from localops.ollama.server import create_app
from localops.ollama.settings import Settings
from localops.ollama.wire import JSONAnswer

from .connection import connection_of
from .engine import ScriptedEngine, chosen_answer
from .faults import Fault, Status
from .recording import RecordedRequest
from .sabotage import AnswerOver, Saboteur
from .script import Script

_QUESTION_ROUTES = ("/api/generate", "/api/chat", "/v1/chat/completions", "/v1/completions")

Recorder = Callable[[RecordedRequest], None]


class ScriptedApp:
    """The application that serves a script.

    Args:
        record: called in the event loop with every request, when its body has come or its client has left.
        settings: of the server underneath.
    """

    def __init__(
        self,
        script: Script,
        record: Recorder | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        catalog = Catalog(script.models, quoted_not_found=script.old)
        engine = ScriptedEngine(script)
        self._app: ASGIApp = create_app(engine, catalog, version=script.version, settings=settings)
        self._script = script
        self._record: Recorder = record or _forget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        recorded = RecordedRequest(request.method, request.url.path, dict(request.headers))
        connection_of(scope).when_client_closes(recorded.note_closed)
        try:
            body = await request.body()
        except ClientDisconnect:
            self._record(recorded)
            return
        recorded.body = _parsed(body)
        self._record(recorded)
        faults = self._choose(recorded)
        with suppress(AnswerOver):
            await self._answer(scope, _replaying(body, receive), _noting_end(recorded, send), faults)

    def _choose(self, recorded: RecordedRequest) -> Sequence[Fault]:
        """Pick the answer when a question is asked; give what is to go wrong."""
        faults = self._script.routes.get(recorded.path)
        if faults is not None:
            return faults
        question = _question(recorded)
        if question is None:
            return ()
        answer = self._script.next_answer(question)
        chosen_answer.set(answer)
        return answer.faults

    async def _answer(self, scope: Scope, receive: Receive, send: Send, faults: Sequence[Fault]) -> None:
        status = next((fault for fault in faults if isinstance(fault, Status)), None)
        if status is not None:
            await _other_answer(status)(scope, receive, send)
        elif faults:
            await self._app(scope, receive, Saboteur(send, connection_of(scope), faults))
        else:
            await self._app(scope, receive, send)


def _forget(_: RecordedRequest) -> None:
    """Record nothing."""


def _noting_end(recorded: RecordedRequest, send: Send) -> Send:
    """Return a `send` that remembers when the whole answer had been sent to a client who was still there."""

    async def noting(message: Message) -> None:
        await send(message)
        ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        if ended and recorded.closed_s is None:
            recorded.answered_s = time.monotonic()

    return noting


def _other_answer(fault: Status) -> Response:
    headers = dict(fault.headers)
    if isinstance(fault.body, str):
        return HTMLResponse(fault.body, status_code=fault.status, headers=headers)
    return JSONAnswer(fault.body, status_code=fault.status, headers=headers)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body once more that was read already, then what the server says."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _question(recorded: RecordedRequest) -> str | None:
    """Return what the person asked; None when nothing was, as when a model is only to be loaded."""
    body: object = recorded.body
    if recorded.path not in _QUESTION_ROUTES or not isinstance(body, dict):
        return None
    fields = Fields("", cast("dict[str, Any]", body))
    try:
        messages = fields.structs("messages", "api.Message")
        said = [message.text("content") for message in messages if message.text("role") == "user"]
        return fields.text("prompt") or next(reversed(said), None)
    except BadRequest:
        return None  # the server itself will say what is wrong
