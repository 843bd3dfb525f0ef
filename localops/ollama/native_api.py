"""POST /api/generate and /api/chat: NDJSON lines, or one object.

Source: ollama server/routes.go:2097-2143, api/types.go:557-564 and 891-931 (order and omission of members).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request as HTTPRequest
from starlette.types import Receive, Scope, Send

from localops.ollama.answering import Answering, Measured
from localops.ollama.asks import Request, read_chat, read_generate
from localops.ollama.catalog import Catalog
from localops.ollama.continuation import context_of
from localops.ollama.engine import Piece
from localops.ollama.errors import RequestFailure
from localops.ollama.wire import dumps, string, timestamp


class Generate:
    """The ASGI application of /api/generate."""

    def __init__(self, answering: Answering, catalog: Catalog) -> None:
        self._answering = answering
        self._catalog = catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = read_generate(await HTTPRequest(scope, receive).body(), self._catalog)
        await self._answering.answer(request, _GenerateLines(request), receive, send)


class Chat:
    """The ASGI application of /api/chat."""

    def __init__(self, answering: Answering, catalog: Catalog) -> None:
        self._answering = answering
        self._catalog = catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = read_chat(await HTTPRequest(scope, receive).body(), self._catalog)
        await self._answering.answer(request, _ChatLines(request), receive, send)


class _Lines:
    """The common part of both forms."""

    media_type = "application/x-ndjson"
    needs_text = False
    loads_in_one_object = True

    def __init__(self, request: Request) -> None:
        self._request = request
        self._name = string(request.answer_name)

    def _head(self) -> bytes:
        return b'{"model":%s,"created_at":"%s",' % (self._name, timestamp().encode())

    def failure(self, error: RequestFailure) -> bytes:
        return dumps({"error": error.message}) + b"\n"

    def _object(self, body: dict[str, Any], measured: Measured, extra: dict[str, Any]) -> bytes:
        return dumps(
            {
                "model": self._request.answer_name,
                "created_at": timestamp(),
                **body,
                "done": measured.ended,
                **({"done_reason": measured.summary.done_reason} if measured.ended else {}),
                **extra,
                **_metrics(measured),
            }
        )


class _GenerateLines(_Lines):
    needs_text = True  # for `context`

    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        head = self._head()
        return b"".join(
            b'%s"response":%s%s,"done":false%s}\n'
            % (head, string(piece.text), _thinking(piece), _logprobs((piece,)))
            for piece in pieces
        )

    def end(self, measured: Measured) -> bytes:
        return self._object({"response": ""}, measured, self._context(measured)) + b"\n"

    def whole(self, pieces: Sequence[Piece], measured: Measured) -> bytes:
        extra = {**self._context(measured), **_logprobs_member(pieces)}
        return self._object(_joined("response", pieces), measured, extra)

    def _context(self, measured: Measured) -> dict[str, Any]:
        if not self._request.continues:
            return {}
        return {"context": context_of(self._request.ask, measured.answer)}


class _ChatLines(_Lines):
    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        head = self._head() + b'"message":{"role":"assistant","content":'
        return b"".join(
            b'%s%s%s},"done":false%s}\n' % (head, string(piece.text), _thinking(piece), _logprobs((piece,)))
            for piece in pieces
            if piece.text or piece.thinking or piece.logprobs
        )

    def end(self, measured: Measured) -> bytes:
        return self._object({"message": {"role": "assistant", "content": ""}}, measured, {}) + b"\n"

    def whole(self, pieces: Sequence[Piece], measured: Measured) -> bytes:
        message = {"role": "assistant", **_joined("content", pieces)}
        return self._object({"message": message}, measured, _logprobs_member(pieces))


def _logprobs_member(pieces: Sequence[Piece]) -> dict[str, Any]:
    found = [each.as_json() for piece in pieces for each in piece.logprobs]
    return {"logprobs": found} if found else {}


def _logprobs(pieces: Sequence[Piece]) -> bytes:
    member = _logprobs_member(pieces)
    return b"," + dumps(member)[1:-1] if member else b""


def _thinking(piece: Piece) -> bytes:
    return b',"thinking":' + string(piece.thinking) if piece.thinking else b""


def _joined(member: str, pieces: Sequence[Piece]) -> dict[str, str]:
    thinking = "".join(piece.thinking for piece in pieces)
    text = {member: "".join(piece.text for piece in pieces)}
    return {**text, "thinking": thinking} if thinking else text


def _metrics(measured: Measured) -> dict[str, int]:
    summary = measured.summary
    if summary.done_reason in ("load", "unload"):
        return {}
    metrics = {
        "total_duration": measured.total_ns,
        "load_duration": measured.load_ns,
        "prompt_eval_count": summary.prompt_tokens,
        "prompt_eval_duration": summary.prompt_ns,
        "eval_count": summary.tokens,
        "eval_duration": summary.eval_ns,
    }
    return {name: value for name, value in metrics.items() if value}
