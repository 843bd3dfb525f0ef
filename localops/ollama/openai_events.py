"""Answers in OpenAI's form: server-sent events, or one object.

As in Ollama, an error in the middle of a stream is lost: the stream ends without `finish_reason` and without
`[DONE]`. Source: ollama openai/openai.go:225-401, middleware/openai.go:78-168.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localops.ollama.answering import Measured
from localops.ollama.asks import Request
from localops.ollama.engine import Logprob, Piece, Summary
from localops.ollama.errors import RequestFailure
from localops.ollama.wire import dumps

_ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}


def failure_body(error: RequestFailure) -> dict[str, Any]:
    """Return an error in OpenAI's form."""
    kind = _ERROR_TYPES.get(error.status, "api_error")
    return {"error": {"message": error.message, "type": kind, "param": None, "code": None}}


@dataclass
class _Events:
    """Server-sent events; what both forms share."""

    request: Request
    usage_wanted: bool
    media_type = "text/event-stream"
    needs_text = False
    loads_in_one_object = True

    def __post_init__(self) -> None:
        # Ollama's own numbers repeat as well.
        self._number = random.randrange(999)  # noqa: S311
        self._created = int(time.time())

    def _envelope(self, prefix: str, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"{prefix}-{self._number}",
            "object": kind,
            "created": self._created,
            "model": self.request.answer_name,
            "system_fingerprint": "fp_ollama",
            "choices": choices,
        }


class ChatEvents(_Events):
    def __post_init__(self) -> None:
        super().__post_init__()
        self._role_sent = False

    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        return b"".join(_event(self._chunk(self._delta(piece), None, piece.logprobs)) for piece in pieces)

    def end(self, measured: Measured) -> bytes:
        finish = _event(self._chunk({}, _finish_reason(measured)))
        if self.usage_wanted:
            finish += _event(
                self._envelope("chatcmpl", "chat.completion.chunk", []) | _usage(measured.summary)
            )
        return finish + b"data: [DONE]\n\n"

    def failure(self, error: RequestFailure) -> bytes:
        del error  # lost, as in Ollama
        return _event(self._chunk(self._delta(Piece()), None))

    def whole(self, pieces: Sequence[Piece], measured: Measured) -> bytes:
        thinking = "".join(piece.thinking for piece in pieces)
        message = {"role": "assistant", "content": measured.answer}
        if thinking:
            message["reasoning"] = thinking
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": _finish_reason(measured),
            **_logprobs(pieces),
        }
        return dumps(self._envelope("chatcmpl", "chat.completion", [choice]) | _usage(measured.summary))

    def _delta(self, piece: Piece) -> dict[str, str]:
        delta = {} if self._role_sent else {"role": "assistant"}
        self._role_sent = True
        delta["content"] = piece.text
        return {**delta, "reasoning": piece.thinking} if piece.thinking else delta

    def _chunk(
        self, delta: dict[str, str], finish_reason: str | None, logprobs: Sequence[Logprob] = ()
    ) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, **_content(logprobs)}
        return self._envelope("chatcmpl", "chat.completion.chunk", [choice])


class TextEvents(_Events):
    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        return b"".join(_event(self._chunk(piece.text, None, piece.logprobs)) for piece in pieces)

    def end(self, measured: Measured) -> bytes:
        finish = _event(self._chunk("", _finish_reason(measured)))
        if self.usage_wanted:
            finish += _event(self._envelope("cmpl", "text_completion", []) | _usage(measured.summary))
        return finish + b"data: [DONE]\n\n"

    def failure(self, error: RequestFailure) -> bytes:
        del error  # lost, as in Ollama
        return _event(self._chunk("", None))

    def whole(self, pieces: Sequence[Piece], measured: Measured) -> bytes:
        finish_reason = _finish_reason(measured)
        choice = {"text": measured.answer, "index": 0, "finish_reason": finish_reason, **_logprobs(pieces)}
        return dumps(self._envelope("cmpl", "text_completion", [choice]) | _usage(measured.summary))

    def _chunk(
        self, text: str, finish_reason: str | None, logprobs: Sequence[Logprob] = ()
    ) -> dict[str, Any]:
        choice = {"text": text, "index": 0, "finish_reason": finish_reason, **_content(logprobs)}
        chunk = self._envelope("cmpl", "text_completion", [choice])
        return chunk | _usage(Summary()) if self.usage_wanted else chunk


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + dumps(value) + b"\n\n"


def _usage(summary: Summary) -> dict[str, Any]:
    total = summary.prompt_tokens + summary.tokens
    return {
        "usage": {
            "prompt_tokens": summary.prompt_tokens,
            "completion_tokens": summary.tokens,
            "total_tokens": total,
        }
    }


def _finish_reason(measured: Measured) -> str | None:
    if not measured.ended:
        return None
    return "length" if measured.summary.done_reason == "length" else "stop"


def _logprobs(pieces: Sequence[Piece]) -> dict[str, Any]:
    return _content([each for piece in pieces for each in piece.logprobs])


def _content(logprobs: Sequence[Logprob]) -> dict[str, Any]:
    return {"logprobs": {"content": [each.as_json() for each in logprobs]}} if logprobs else {}
