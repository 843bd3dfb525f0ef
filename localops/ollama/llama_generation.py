"""The output of llama.cpp for one generation, carried from its thread into the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast

from localops.ollama.engine import DoneReason, Logprob, Piece, Summary
from localops.ollama.errors import BadRequest, EngineFailure, PromptTooLong, RequestFailure

_Chunk = dict[str, Any]
# Tokens that come faster than this are gathered: one by one they cost more processor time than they take to
# make, on the same cores. Half of what a screen shows at once; the first token never waits.
_GATHERING_S = 0.008


class Generation:
    """One generation; the loop is woken once for all chunks that came since it last looked.

    Args:
        limit: tokens of prompt and answer together; 0 leaves it to llama.cpp.
        max_repeats: equal tokens in a row after which it gives up, without a Summary; None goes on for ever.
        top_logprobs: alternatives to pass on with each token's probability.

    Attributes:
        cancelled: set it, and llama.cpp stops at the next token.
    """

    def __init__(self, limit: int, max_repeats: int | None = None, top_logprobs: int = 0) -> None:
        self.cancelled = False
        self._max_repeats = max_repeats
        self._top_logprobs = top_logprobs
        self._last_text = ""
        self._repeats = 0
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._chunks: deque[_Chunk] = deque()
        self._awake = asyncio.Event()
        self._called = False
        self._finished = False
        self._refusal: BaseException | None = None
        self._prompt_tokens = 0
        self._tokens = 0

    def take(self, chunk: _Chunk) -> bool:
        """Receive a chunk in llama.cpp's thread; True ends the generation."""
        self._chunks.append(chunk)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._awake.set)
        return self.cancelled

    def finish(self, work: asyncio.Future[None]) -> None:
        """Say, in the loop, that no more chunks come."""
        self._finished = True
        self._refusal = None if work.cancelled() else work.exception()
        self._awake.set()

    async def items(self) -> AsyncGenerator[Sequence[Piece] | Summary]:
        """Yield what has come since the last time, until the end."""
        delivered_s = 0.0
        while not self._finished or self._chunks:
            await self._awake.wait()
            self._awake.clear()
            if self._loop.time() - delivered_s < _GATHERING_S:
                await asyncio.sleep(_GATHERING_S)
            self._called = False  # before the chunks are taken, or one could lie there unannounced
            pieces: list[Piece] = []
            summary: Summary | None = None
            while self._chunks and summary is None and not self._gave_up:
                summary = self._read(self._chunks.popleft(), pieces)
            if pieces:
                delivered_s = self._loop.time()
                yield pieces
            if summary is not None:
                yield summary
            if summary is not None or self._gave_up:
                return
        if self._refusal is not None:  # the binding turns llama.cpp's exceptions into Python's
            raise BadRequest(f"llama.cpp refused the request: {self._refusal}") from self._refusal

    def _read(self, chunk: _Chunk, pieces: list[Piece]) -> Summary | None:
        failure = cast("dict[str, Any]", chunk.get("error", chunk))
        if "code" in failure:
            raise _failure(failure)
        self._note_progress(chunk)
        choice = chunk["choices"][0]
        delta = choice.get("delta", choice)
        piece = Piece(
            delta.get("content") or delta.get("text") or "",
            delta.get("reasoning_content") or "",
            _logprobs(choice, self._top_logprobs),
        )
        self._note_repeats(piece.text)
        if self._gave_up:
            self.cancelled = True
            return None
        if piece.text or piece.thinking or piece.logprobs:
            pieces.append(piece)
            self._tokens += 1
        if choice["finish_reason"] is not None:
            return _summary(choice["finish_reason"], chunk["timings"])
        if self._prompt_tokens + self._tokens >= self._limit > 0 and self._tokens:
            self.cancelled = True
            return Summary("length", prompt_tokens=self._prompt_tokens, tokens=self._tokens)
        return None

    @property
    def _gave_up(self) -> bool:
        return self._max_repeats is not None and self._repeats > self._max_repeats

    def _note_repeats(self, text: str) -> None:
        text = text.strip()
        self._repeats = self._repeats + 1 if text == self._last_text else 0
        self._last_text = text

    def _note_progress(self, chunk: _Chunk) -> None:
        progress = chunk.get("prompt_progress")
        if progress is None:
            return
        self._prompt_tokens = progress["total"]
        if self._prompt_tokens >= self._limit:
            raise PromptTooLong(self._prompt_tokens, self._limit)


def prompt_of(chunks: Sequence[_Chunk]) -> str:
    """Return the text that llama.cpp made of a conversation, from an answer that it was asked to explain.

    Raises:
        RequestFailure: it refused.
    """
    answer = chunks[-1]
    if "error" in answer:
        raise _failure(answer["error"])
    return str(answer["__verbose"]["prompt"])


def _logprobs(choice: Mapping[str, Any], top: int) -> tuple[Logprob, ...]:
    found = cast("dict[str, Any]", choice.get("logprobs") or {})
    return tuple(_logprob(token, top) for token in cast("list[dict[str, Any]]", found.get("content") or []))


def _logprob(token: Mapping[str, Any], top: int = 0) -> Logprob:
    alternatives = tuple(_logprob(each) for each in token.get("top_logprobs", ())[:top])
    return Logprob(token["token"], token["logprob"], token.get("bytes", ()), alternatives)


def _summary(finish_reason: str, timings: Mapping[str, Any]) -> Summary:
    reason: DoneReason = "length" if finish_reason == "length" else "stop"
    return Summary(
        done_reason=reason,
        prompt_tokens=timings["cache_n"] + timings["prompt_n"],
        prompt_ns=round(timings["prompt_ms"] * 1e6),
        tokens=timings["predicted_n"],
        eval_ns=round(timings["predicted_ms"] * 1e6),
    )


def _failure(error: Mapping[str, Any]) -> RequestFailure:
    if error.get("type") == "exceed_context_size_error":
        return PromptTooLong(error["n_prompt_tokens"], error["n_ctx"])
    return EngineFailure(str(error.get("message", error)), status=int(error["code"]))
