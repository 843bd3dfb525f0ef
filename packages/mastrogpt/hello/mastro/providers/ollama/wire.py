"""Read an answer in Ollama's protocol.

Source: Ollama's api/types.go, GenerateResponse and ChatResponse.
"""

from typing import Any, cast

from .. import json_lines
from ..errors import ModelError
from ..failures import not_an_event, shown, stopped
from ..provider import Wire
from ..reasoning import THINKING, Piece, with_output
from .host import OllamaHost

Event = dict[str, Any]


class OllamaWire(Wire):
    """Reads lines with one JSON object each, of /api/chat or /api/generate."""

    def read(self, lines: list[bytes]) -> tuple[list[Piece], ModelError | None]:
        """Join the events' texts in runs of one kind, up to the event that ends the answer."""
        texts, runs = list[str](), list[Piece]()
        for event in json_lines.values(lines):
            message = _message(event)
            if message is None:
                return with_output(runs, texts), _not_a_part(event)
            if thought := message.get("thinking"):
                runs = [*with_output(runs, texts), (THINKING, thought)]
                texts = []
            if text := message.get("response") or message.get("content"):
                texts.append(text)
            if event.get("done"):
                self.is_whole = self.is_over = True
            if self.is_whole or not self.figures:
                self.figures = _figures(event)
            if self.is_whole:
                break
        return with_output(runs, texts), None


def _not_a_part(event: Any) -> ModelError:
    if isinstance(event, dict) and "error" in event:
        return stopped(str(cast("Event", event)["error"]))
    return not_an_event(OllamaHost.address_setting)


def _figures(last: Event) -> dict[str, Any]:
    tokens, took_ns = _number(last, "eval_count"), _number(last, "eval_duration")
    return {
        "model": _text(last, "model"),
        "tokens": tokens,
        "prompt_tokens": _number(last, "prompt_eval_count"),
        "tokens_per_s": round(tokens / took_ns * 1e9, 1) if tokens and took_ns else None,
        "done_reason": _text(last, "done_reason"),
    }


def _number(event: Event, name: str) -> int | None:
    value = event.get(name)
    return value if isinstance(value, int) else None


def _text(event: Event, name: str) -> str | None:
    value = event.get(name)
    return shown(value) if isinstance(value, str) else None


def _message(event: Any) -> Event | None:
    """Return what holds an event's text, with texts for text; None for what is not part of an answer."""
    if not isinstance(event, dict) or "error" in event:
        return None
    message: Any = cast("Event", event).get("message", event)
    if not isinstance(message, dict):
        return None
    message = cast("Event", message)
    is_text = isinstance(message.get("response", ""), str) and isinstance(message.get("content", ""), str)
    return message if is_text and isinstance(message.get("thinking", ""), str) else None
