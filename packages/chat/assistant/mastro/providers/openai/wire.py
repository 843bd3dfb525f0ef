"""Read an answer in OpenAI's protocol, as real servers speak it.

Source: OpenAI's API reference, chat.completion.chunk; the HTML standard's server-sent events, 9.2.5; and what
Azure, Foundry Local, llama.cpp, vLLM, DeepSeek, Groq and OpenRouter do differently.
"""

from collections.abc import Callable
from typing import Any, cast

from .. import json_lines
from ..errors import ModelError
from ..failures import not_an_event, shown
from ..provider import Wire
from ..reasoning import THINKING, Piece, with_output

DONE = b"[DONE]"
_FIELDS_WITHOUT_TEXT = (b"event", b"id", b"retry")


Members = dict[str, Any]


class OpenAIWire(Wire):
    """Reads server-sent events, or the one document of a server that does not stream.

    Args:
        failed: turns the `error` of an event into the error for the person.
        setting: where people say where the server is.
    """

    def __init__(self, failed: Callable[[Any], ModelError], setting: str) -> None:
        super().__init__()
        self._failed = failed
        self._setting = setting
        self._document: list[bytes] | None = None

    def read(self, lines: list[bytes]) -> tuple[list[Piece], ModelError | None]:
        if self._document is not None:
            self._document += lines
            return [], None
        chunks: list[bytes] = []
        lines = list(filter(None, lines))
        for place, line in enumerate(lines):
            name, _, value = line.partition(b":")
            if name == b"data":
                value = value.strip()
                if value == DONE:
                    self.is_whole = self.is_over = True
                    break
                chunks.append(value)
            elif name == b"error":
                runs, error = self._runs(chunks)
                return runs, error or self._failed(json_lines.value(value))
            elif line.lstrip().startswith(b"{") and not (chunks or self.figures):
                self._document = lines[place:]
                break
            elif line.strip() and name not in (b"", *_FIELDS_WITHOUT_TEXT):
                runs, error = self._runs(chunks)
                return runs, error or not_an_event(self._setting)
        return self._runs(chunks)

    def end(self) -> tuple[list[Piece], ModelError | None]:
        if self._document is None:
            return [], None
        document = json_lines.value(b"\n".join(self._document))
        texts, runs = list[str](), list[Piece]()
        error = self._take(document, texts, runs)
        self.is_over = True
        return with_output(runs, texts), error

    def _runs(self, chunks: list[bytes]) -> tuple[list[Piece], ModelError | None]:
        """Join the chunks' texts in runs of one kind, up to one that is an error."""
        texts, runs, error = list[str](), list[Piece](), None
        for chunk in json_lines.values(chunks):
            error = self._take(chunk, texts, runs)
            if error:
                self.is_whole = self.is_over = False
                break
        return with_output(runs, texts), error

    def _take(self, chunk: Any, texts: list[str], runs: list[Piece]) -> ModelError | None:
        """Add what a chunk, or a whole document, says to the texts since the last run, or to the runs."""
        if not isinstance(chunk, dict):
            return not_an_event(self._setting)
        members = cast("Members", chunk)
        if members.get("error"):
            return self._failed(members["error"])
        # Few chunks have something to count, and a call costs as much as the rest.
        if "model" not in self.figures or members.get("usage") or "timings" in members or "x_groq" in members:
            self._count(members)
        choices = members.get("choices")
        choice: Any = cast("list[Any]", choices)[0] if choices and isinstance(choices, list) else None
        if not isinstance(choice, dict):
            return None
        choice = cast("Members", choice)
        delta = choice["delta"] if "delta" in choice else choice.get("message")
        if isinstance(delta, dict):
            _say(cast("Members", delta), texts, runs)
        reason = choice.get("finish_reason")
        if reason and (reason := _text(reason)):
            self.is_whole = True
            self.figures["done_reason"] = shown(reason)
        return None

    def _count(self, members: Members) -> None:
        figures = self.figures
        if "model" not in figures and (model := _text(members.get("model"))):
            figures["model"] = shown(model)
        usage = members.get("usage") or _members(members.get("x_groq")).get("usage")
        if isinstance(usage, dict):
            counted = cast("Members", usage)
            figures["tokens"] = _number(counted.get("completion_tokens"))
            figures["prompt_tokens"] = _number(counted.get("prompt_tokens"))
        pace = _members(members.get("timings")).get("predicted_per_second")
        if isinstance(pace, (int, float)):
            figures["tokens_per_s"] = round(pace, 1)


def _say(delta: Members, texts: list[str], runs: list[Piece]) -> None:
    if "reasoning_content" in delta or "reasoning" in delta:
        thought = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
    else:
        thought = ""
    if thought:
        runs += [*with_output([], texts), (THINKING, thought)]
        texts.clear()
    content = delta.get("content")
    if content and isinstance(content, str):
        texts.append(content)
    elif refusal := _text(delta.get("refusal")):
        texts.append(refusal)


def _members(value: Any) -> Members:
    return cast("Members", value) if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None
