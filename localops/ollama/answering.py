"""One answer from beginning to end: turn, load, stream or whole, errors, and the client that leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import Receive, Send

from localops.ollama.asks import Request
from localops.ollama.engine import Ask, Engine, Piece, Summary
from localops.ollama.errors import PromptTooLong, RequestFailure
from localops.ollama.model import Model
from localops.ollama.residency import Residency
from localops.ollama.shortening import shortened
from localops.ollama.turns import Turns


@dataclass(frozen=True)
class Measured:
    """A summary with what the server measured around it. Durations in nanoseconds.

    Attributes:
        ended: whether there was one; an engine that gave up in silence has none.
    """

    summary: Summary
    total_ns: int
    load_ns: int
    answer: str
    ended: bool = True


class _Format(Protocol):
    """Writes an answer in one protocol's form.

    Attributes:
        needs_text: whether the end of a stream needs the whole text.
        loads_in_one_object: whether what only loads gets one object, even when it asked for a stream.
    """

    media_type: str
    needs_text: bool
    loads_in_one_object: bool

    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        """Write pieces of a stream."""
        ...

    def end(self, measured: Measured) -> bytes:
        """Write what a stream ends with."""
        ...

    def failure(self, error: RequestFailure) -> bytes:
        """Write an error into a stream that has begun."""
        ...

    def whole(self, pieces: Sequence[Piece], measured: Measured) -> bytes:
        """Write an answer that is not streamed, as one JSON object."""
        ...


class Answering:
    """Answers requests with an engine.

    Args:
        turns: who may use a model.
        residency: what is loaded.
    """

    def __init__(self, engine: Engine, turns: Turns, residency: Residency) -> None:
        self.engine = engine
        self._turns = turns
        self._residency = residency

    async def answer(self, request: Request, form: _Format, receive: Receive, send: Send) -> None:
        """Answer one request; returns early, with the engine free, when the client leaves.

        Raises:
            RequestFailure: nothing was sent yet; the caller gives it its status.
        """
        answer = _Answer(request, form, send)
        await until_disconnect(receive, self._run(request, answer))

    @asynccontextmanager
    async def held(self, model: Model, num_ctx: int | None, keep_alive_s: float) -> AsyncGenerator[int]:
        """Wait for a model's turn and hold it loaded; gives the nanoseconds that loading took.

        Raises:
            ServerBusy: too many wait already.
            EngineFailure: the model cannot be loaded.
        """
        async with self._turns.turn(model.name):
            load_ns = await self._residency.hold(model, num_ctx)
            try:
                yield load_ns
            finally:
                self._residency.release(model, keep_alive_s)

    async def _run(self, request: Request, answer: _Answer) -> None:
        async with self._turns.turn(request.ask.model.name):
            try:
                await self._generate(request, answer)
            except RequestFailure as error:
                await answer.fail(error)

    async def _generate(self, request: Request, answer: _Answer) -> None:
        ask = request.ask
        if request.empty and request.keep_alive_s == 0:
            await self._residency.unload(ask.model)
            await answer.loaded(Summary("unload"))
            return
        answer.load_ns = await self._residency.hold(ask.model, ask.options.num_ctx)
        try:
            if request.empty:
                await answer.loaded(Summary("load"))
            else:
                await self._fit(ask, answer)
        finally:
            self._residency.release(ask.model, request.keep_alive_s)

    async def _fit(self, ask: Ask, answer: _Answer) -> None:
        """Generate, with as much of the conversation as the context holds."""
        while True:
            try:
                async with aclosing(self.engine.generate(ask)) as items:
                    async for item in items:
                        await answer.take(item)
                await answer.finish()
                return
            except PromptTooLong as error:
                ask = shortened(ask, error)


class _Answer:
    """The answer to one request, while it is sent."""

    def __init__(self, request: Request, form: _Format, send: Send) -> None:
        self.load_ns = 0
        self._stream = request.stream
        self._form = form
        self._send = send
        self._started_ns = time.perf_counter_ns()
        self._pieces: list[Piece] = []
        self._summary: Summary | None = None
        self._begun = False

    async def take(self, item: Sequence[Piece] | Summary) -> None:
        if isinstance(item, Summary):
            self._summary = item
            return
        if self._form.needs_text or not self._stream:
            self._pieces.extend(item)
        if self._stream:
            await self._write(self._form.pieces(item))

    async def finish(self) -> None:
        """End the answer.

        A stream without a summary just ends, as Ollama's does when a model repeats itself.
        """
        if self._stream:
            await self._write(b"" if self._summary is None else self._form.end(self._measured()), more=False)
        else:
            await self._whole(200, self._form.whole(self._pieces, self._measured()))

    async def loaded(self, summary: Summary) -> None:
        """Answer a request that only loads or unloads."""
        self._summary = summary
        if self._stream and not self._form.loads_in_one_object:
            await self.finish()
            return
        await self._whole(200, self._form.whole((), self._measured()))

    async def fail(self, error: RequestFailure) -> None:
        if not self._begun:
            raise error
        await self._write(self._form.failure(error), more=False)

    def _measured(self) -> Measured:
        return Measured(
            summary=self._summary or Summary(),
            total_ns=time.perf_counter_ns() - self._started_ns,
            load_ns=self.load_ns,
            answer="".join(piece.text for piece in self._pieces),
            ended=self._summary is not None,
        )

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        if not self._begun:
            self._begun = True
            await self._send(_start(200, self._form.media_type))
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _whole(self, status: int, body: bytes) -> None:
        self._begun = True
        await self._send(_start(status, "application/json; charset=utf-8", len(body)))
        await self._send({"type": "http.response.body", "body": body})


async def until_disconnect(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine, and cancel it when the client leaves; returns when it has ended either way.

    Raises:
        Exception: whatever `work` raised.
    """
    running = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not running.done():
            running.cancel()
            await asyncio.wait({running})
    if not running.cancelled():
        running.result()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(status: int, media_type: str, length: int | None = None) -> dict[str, Any]:
    headers = [(b"content-type", media_type.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": status, "headers": headers}
