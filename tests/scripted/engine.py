"""A model that says what a script tells it to, at the times the script tells it."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
import zlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextvars import ContextVar

from localops.ollama.engine import Ask, DoneReason, Embedded, Piece, Summary
from localops.ollama.errors import EngineFailure
from localops.ollama.model import Model

from .faults import Fails
from .script import Answer, Schedule, Script, tokens_of

_UNTHROTTLED_BATCH = 64
"""Lines to a write when nothing holds the tokens back."""

_DIMENSIONS = 64
"""Numbers in a vector of a scripted model that does not say."""

chosen_answer: ContextVar[Answer] = ContextVar("chosen_answer")
"""The answer of the request that this task serves, where it was chosen before the engine was asked."""


class ScriptedEngine:
    """An engine over a script."""

    def __init__(self, script: Script) -> None:
        self.models: Sequence[Model] = script.models
        self.parallel = script.parallel
        self._script = script

    def context_loaded(self, model: Model) -> int:
        """Return the context length; a script is always loaded."""
        return model.context_length

    async def load(self, model: Model, num_ctx: int | None) -> None:
        """Do nothing: a script is always loaded."""

    async def unload(self, model: Model) -> None:
        """Do nothing."""

    async def generate(self, ask: Ask) -> AsyncGenerator[Sequence[Piece] | Summary]:
        """Yield the script's answer, as `Engine.generate` says."""
        answer = chosen_answer.get(None) or self._script.next_answer(ask.last_user_text())
        pieces, reason = _limited(answer, ask, think_tags=answer.think_tags or self._script.old)
        failure = next((fault for fault in answer.faults if isinstance(fault, Fails)), None)
        count = 0
        started_ns = first_ns = time.perf_counter_ns()
        async for batch in _paced(pieces, answer.schedule):
            if count == 0:
                first_ns = time.perf_counter_ns()
            if failure is not None and count + len(batch) > failure.after:
                if failure.after > count:
                    yield batch[: failure.after - count]
                raise EngineFailure(failure.message, failure.status)
            count += len(batch)
            yield batch
        if failure is not None:
            raise EngineFailure(failure.message, failure.status)
        prompt_tokens = answer.prompt_tokens
        yield Summary(
            done_reason=reason,
            prompt_tokens=_count_words(ask) if prompt_tokens is None else prompt_tokens,
            prompt_ns=first_ns - started_ns,
            tokens=count,
            eval_ns=time.perf_counter_ns() - first_ns,
        )

    async def embed(self, model: Model, text: str) -> Embedded:
        """Return a vector of the text's words, so that texts with words in common are near each other."""
        size = model.embedding_length or _DIMENSIONS
        vector = [0.0] * size
        spoken = [word.strip().casefold() for word in tokens_of(text)]
        for word in spoken:
            direction = random.Random(zlib.crc32(word.encode()))
            vector = [number + direction.uniform(-1, 1) for number in vector]
        return Embedded(vector, len(spoken))


def _limited(answer: Answer, ask: Ask, *, think_tags: bool) -> tuple[Iterable[Piece], DoneReason]:
    """Return the answer's pieces within the request's options, and why they end."""
    thinking, whole = tokens_of(answer.thinking), tokens_of(answer.text)
    text = _before_stop(whole, ask.options.stop)
    pieces = itertools.chain(
        _thoughts(thinking, think_tags=think_tags, wanted=bool(ask.think)),
        (Piece(token) for token in (itertools.cycle(text) if answer.endless else text)),
    )
    limit = ask.options.num_predict
    if limit >= 0 and (answer.endless or len(thinking) + len(text) > limit):
        return itertools.islice(pieces, limit), "length"
    return pieces, answer.done_reason if text == whole else "stop"


def _before_stop(tokens: list[str], stops: Sequence[str]) -> list[str]:
    """Return the tokens before the first stop text, the last one cut where it begins."""
    text = "".join(tokens)
    end = min((place for place in map(text.find, stops) if place >= 0), default=len(text))
    kept: list[str] = []
    for token in tokens:
        if end <= 0:
            break
        kept.append(token[:end])
        end -= len(token)
    return kept


def _thoughts(tokens: list[str], *, think_tags: bool, wanted: bool) -> Iterator[Piece]:
    if not tokens:
        return
    if think_tags:
        yield from map(Piece, ["<think>", "\n", *tokens, "\n", "</think>", "\n\n"])
    elif wanted:
        yield from (Piece("", token) for token in tokens)


async def _paced(pieces: Iterable[Piece], schedule: Schedule) -> AsyncGenerator[list[Piece]]:
    """Yield the pieces at the schedule's times, in batches that belong into one write."""
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    rest = iter(pieces)
    if schedule.tokens_per_s is None:
        await asyncio.sleep(schedule.first_s)
        while batch := list(itertools.islice(rest, max(schedule.burst, _UNTHROTTLED_BATCH))):
            yield batch
            await asyncio.sleep(0)  # the client may have left
        return
    for due_s in schedule.due_times():
        batch = list(itertools.islice(rest, schedule.burst))
        if not batch:
            return
        await asyncio.sleep(max(0.0, started_s + due_s - loop.time()))
        yield batch


def _count_words(ask: Ask) -> int:
    texts = [ask.raw] if ask.raw is not None else [message.content for message in ask.messages]
    return sum(len(tokens_of(text)) for text in texts)
