"""Read a model's answer from the lines of its response, whatever the server and the model.
Source: Ollama's api/types.go, GenerateResponse and ChatResponse.
"""

import json
import time
from collections.abc import Generator, Iterable
from typing import Any, cast

from ..errors import ModelError
from ..reasoning import OUTPUT, THINKING, Piece, Reasoning
from .errors import SHOWN_CHARS, not_an_event

_decode = json.JSONDecoder().decode

Event = dict[str, Any]


class Answer:
    """One answer of a model, from the moment that it is asked for.

    Attributes:
        is_whole: whether the model said that it is done; an answer that ends without was cut off.
    """

    def __init__(self) -> None:
        self.is_whole = False
        self._asked_s = time.monotonic()
        self._first_token_s = 0.0
        self._last: Event = {}
        self._reasoning = Reasoning()

    def pieces(self, batches: Iterable[list[bytes]]) -> Generator[Piece]:
        """Yield kind and text of what the lines say, joined where they came together, until it is whole.

        Raises:
            ModelError: the server reported an error in place of a token, or a line is not an event of it.
        """
        error = None
        for lines in batches:
            runs, error = self._runs(_events(lines))
            for kind, text in runs:
                self._first_token_s = self._first_token_s or time.monotonic() - self._asked_s
                yield from [(kind, text)] if kind == THINKING else self._reasoning.feed(text)
            if error or self.is_whole:
                break
        yield from self._reasoning.end()
        if error:
            raise error

    def figures(self) -> dict[str, Any]:
        """Return model, tokens and pace as the server counted them; what it did not say is None."""
        tokens, took_ns = self._number("eval_count"), self._number("eval_duration")
        return {
            "model": self._text("model"),
            "tokens": tokens,
            "prompt_tokens": self._number("prompt_eval_count"),
            "first_token_ms": round(self._first_token_s * 1000, 1) if self._first_token_s else None,
            "tokens_per_s": round(tokens / took_ns * 1e9, 1) if tokens and took_ns else None,
            "done_reason": self._text("done_reason"),
        }

    def _number(self, name: str) -> int | None:
        value = self._last.get(name)
        return value if isinstance(value, int) else None

    def _text(self, name: str) -> str | None:
        value = self._last.get(name)
        return value[:SHOWN_CHARS].encode(errors="replace").decode() if isinstance(value, str) else None

    def _runs(self, events: list[Any]) -> tuple[list[Piece], ModelError | None]:
        """Join the events' texts in runs of one kind, up to the event that ends the answer."""
        texts, runs = list[str](), list[Piece]()
        for event in events:
            message = _message(event)
            if message is None:
                return _with_output(runs, texts), not_an_event(event)
            if thought := message.get("thinking"):
                runs = [*_with_output(runs, texts), (THINKING, thought)]
                texts = []
            if text := message.get("response") or message.get("content"):
                texts.append(text)
            self._last = event
            if event.get("done"):
                self.is_whole = True
                break
        return _with_output(runs, texts), None


def _with_output(runs: list[Piece], texts: list[str]) -> list[Piece]:
    return [*runs, (OUTPUT, "".join(texts))] if texts else runs


def _events(lines: list[bytes]) -> list[Any]:
    """Decode the lines; one that is not JSON becomes None."""
    try:
        # All at once costs half of one by one.
        events: list[Any] = _decode(str(b"[%s]" % b",".join(lines), "utf-8"))
    except (ValueError, RecursionError):
        events = []
    return events if len(events) == len(lines) else [_event(line) for line in lines if line.strip()]


def _event(line: bytes) -> Any:
    try:
        return _decode(str(line, "utf-8").strip())
    except (ValueError, RecursionError):
        return None


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
