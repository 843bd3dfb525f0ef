"""Answers of /v1/responses: events that have names and numbers, or one object.

A reasoning item comes first where the model thinks, then one message. As on the other OpenAI addresses an
error in the middle of a stream is lost: the stream ends without `response.completed`.
Source: ollama openai/responses.go (ToResponse, ResponsesStreamConverter).
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localops.ollama.answering import Measured
from localops.ollama.asks import Request
from localops.ollama.engine import Piece, Summary
from localops.ollama.errors import RequestFailure
from localops.ollama.wire import dumps

_Json = dict[str, Any]


@dataclass(frozen=True)
class Echo:
    """The part of a request that its answer repeats."""

    instructions: str | None
    truncation: str
    text_format: Mapping[str, Any]
    top_p: float
    temperature: float
    reasoning: Mapping[str, Any] | None
    max_output_tokens: int | None
    background: bool


class ResponseEvents:
    """One response, written as it comes or whole."""

    media_type = "text/event-stream"
    needs_text = False
    loads_in_one_object = False

    def __init__(self, request: Request, echo: Echo) -> None:
        # Ollama's own numbers are drawn like this, and can repeat.
        response, message, reasoning = (random.randrange(999_999) for _ in range(3))  # noqa: S311
        self._id = f"resp_{response}"
        self._message = _Item("message", f"msg_{message}")
        self._reasoning = _Item("reasoning", f"rs_{reasoning}")
        self._request, self._echo = request, echo
        self._created_s = int(time.time())
        self._sent = 0
        self._output: list[_Json] = []

    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        return self._opening() + b"".join(map(self._piece, pieces))

    def end(self, measured: Measured) -> bytes:
        closing = self._opening() + self._reasoning_done() + self._message_done()
        response = self._response("completed", self._output, measured.summary)
        return closing + self._event("response.completed", {"response": response})

    def failure(self, error: RequestFailure) -> bytes:
        del error  # lost, as in Ollama
        return self._opening()

    def whole(self, pieces: Sequence[Piece], measured: Measured) -> bytes:
        self._reasoning.text = "".join(piece.thinking for piece in pieces)
        self._message.text = measured.answer
        items = (self._reasoning, self._message) if self._reasoning.text else (self._message,)
        return dumps(self._response("completed", [item.whole() for item in items], measured.summary))

    def _piece(self, piece: Piece) -> bytes:
        written = b""
        if piece.thinking:
            written += self._begun(self._reasoning, {"summary": []})
            written += self._delta("response.reasoning_summary_text.delta", self._reasoning, piece.thinking)
        if piece.text:
            written += self._reasoning_done()
            if not self._message.begun:
                empty: _Json = {"status": "in_progress", "role": "assistant", "content": []}
                written += self._begun(self._message, empty)
                written += self._in_message("response.content_part.added", {"part": _text_part("")})
            written += self._delta("response.output_text.delta", self._message, piece.text)
        return written

    def _opening(self) -> bytes:
        if self._sent:
            return b""
        response = self._response("in_progress", [], None)
        return self._event("response.created", {"response": response}) + self._event(
            "response.in_progress", {"response": response}
        )

    def _begun(self, item: _Item, empty: _Json) -> bytes:
        if item.begun:
            return b""
        item.begun = True
        added = {"id": item.id, "type": item.type, **empty}
        return self._event("response.output_item.added", {"output_index": len(self._output), "item": added})

    def _delta(self, event: str, item: _Item, text: str) -> bytes:
        item.text += text
        return self._in_item(event, item, {"delta": text})

    def _reasoning_done(self) -> bytes:
        if not self._reasoning.begun or self._output:
            return b""
        event = "response.reasoning_summary_text.done"
        return self._in_item(event, self._reasoning, {"text": self._reasoning.text}) + self._done(
            self._reasoning
        )

    def _message_done(self) -> bytes:
        if not self._message.begun:
            return b""
        text = self._message.text
        return (
            self._in_item("response.output_text.done", self._message, {"text": text})
            + self._in_message("response.content_part.done", {"part": _text_part(text)})
            + self._done(self._message)
        )

    def _done(self, item: _Item) -> bytes:
        place = len(self._output)
        self._output.append(item.whole())
        return self._event("response.output_item.done", {"output_index": place, "item": self._output[-1]})

    def _in_item(self, event: str, item: _Item, body: _Json) -> bytes:
        if item is self._message:
            return self._in_message(event, {**body, "logprobs": []})
        place = {"item_id": item.id, "output_index": len(self._output), "summary_index": 0}
        return self._event(event, {**place, **body})

    def _in_message(self, event: str, body: _Json) -> bytes:
        place = {"item_id": self._message.id, "output_index": len(self._output), "content_index": 0}
        return self._event(event, {**place, **body})

    def _event(self, name: str, body: _Json) -> bytes:
        numbered = {"type": name, "sequence_number": self._sent, **body}
        self._sent += 1
        return b"event: %s\ndata: %s\n\n" % (name.encode(), dumps(numbered))

    def _response(self, status: str, output: list[_Json], summary: Summary | None) -> _Json:
        """Return the response itself; `summary` is None while it is being made."""
        echo = self._echo
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created_s,
            "completed_at": int(time.time()) if summary else None,
            "status": status,
            "incomplete_details": None,
            "model": self._request.answer_name,
            "previous_response_id": None,
            "instructions": echo.instructions,
            "output": output,
            "error": None,
            "tools": [],
            "tool_choice": "auto",
            "truncation": echo.truncation,
            "parallel_tool_calls": True,
            "text": {"format": echo.text_format},
            "top_p": echo.top_p,
            "presence_penalty": 0,
            "frequency_penalty": 0,
            "top_logprobs": 0,
            "temperature": echo.temperature,
            "reasoning": echo.reasoning,
            "usage": _usage(summary) if summary else None,
            "max_output_tokens": echo.max_output_tokens,
            "max_tool_calls": None,
            "store": False,
            "background": echo.background,
            "service_tier": "default",
            "metadata": {},
            "safety_identifier": None,
            "prompt_cache_key": None,
        }


@dataclass
class _Item:
    """A part of the output: what the model thought, or what it said."""

    type: str
    id: str
    text: str = ""
    begun: bool = False

    def whole(self) -> _Json:
        if self.type == "reasoning":
            summary = [{"type": "summary_text", "text": self.text}]
            return {"id": self.id, "type": self.type, "summary": summary, "encrypted_content": self.text}
        content = [_text_part(self.text)]
        return {
            "id": self.id,
            "type": self.type,
            "status": "completed",
            "role": "assistant",
            "content": content,
        }


def _text_part(text: str) -> _Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(summary: Summary) -> _Json:
    return {
        "input_tokens": summary.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": summary.tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": summary.prompt_tokens + summary.tokens,
    }
