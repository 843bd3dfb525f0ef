"""Faults carried out: an ASGI `send` that damages the answer on its way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, cast

from starlette.types import Message, Send

from .connection import ScriptedConnection
from .faults import End, Fault, Fin, Insert, RepeatEnd, Reset, Slice, Stall

_Placed = Insert | End | Fin | Reset | Stall


class AnswerOver(Exception):
    """Nothing more is to be sent for this request; whatever makes the answer can stop."""


class Saboteur:
    """Sends what it is given, with faults.

    Args:
        send: the server's own.
        connection: the transport behind it.
        faults: carried out once each, at their places.
    """

    def __init__(self, send: Send, connection: ScriptedConnection, faults: Sequence[Fault]) -> None:
        self._send = send
        self._connection = connection
        self._placed = [fault for fault in faults if isinstance(fault, _Placed)]
        self._slice = next((fault.size for fault in faults if isinstance(fault, Slice)), 0)
        self._repeat_end = any(isinstance(fault, RepeatEnd) for fault in faults)
        self._start: Message | None = None
        self._chunked = True
        self._separator = b"\n"
        self._sent = 0

    async def __call__(self, message: Message) -> None:
        """Send a message of the application.

        Raises:
            AnswerOver: a fault ended the answer.
        """
        if message["type"] == "http.response.start":
            self._hold(message)
        else:
            await self._body(message.get("body", b""), last=not message.get("more_body", False))

    def _hold(self, start: Message) -> None:
        """Keep the headers back: some faults come before them."""
        headers = cast("list[tuple[bytes, bytes]]", list(start["headers"]))
        if (b"content-type", b"text/event-stream") in headers:
            self._separator = b"\n\n"
        self._chunked = any(isinstance(fault, Insert) for fault in self._placed) or self._repeat_end
        if self._chunked:  # the length would not be true any more
            headers = [header for header in headers if header[0] != b"content-length"]
        self._chunked = all(name != b"content-length" for name, _ in headers)
        self._start = {**start, "headers": headers}

    async def _body(self, body: bytes, *, last: bool) -> None:
        ready = b""
        for unit in [body] if last else self._units(body):
            due = self._due(last=last)
            if due and ready:
                await self._write(ready)
                ready = b""
            for fault in due:
                await self._carry_out(fault, unit)
            ready += unit
            self._sent += 1
        if last and self._repeat_end:
            ready += body
        await self._write(ready, more=not last)

    def _units(self, body: bytes) -> Iterator[bytes]:
        """Cut a body into its lines or events, each with its end."""
        begin = 0
        while begin < len(body):
            end = body.find(self._separator, begin)
            end = len(body) if end < 0 else end + len(self._separator)
            yield body[begin:end]
            begin = end

    def _due(self, *, last: bool) -> list[_Placed]:
        due = [fault for fault in self._placed if fault.after == self._sent or (last and fault.after is None)]
        self._placed = [fault for fault in self._placed if fault not in due]
        return due

    async def _carry_out(self, fault: _Placed, unit: bytes) -> None:
        carry_out: dict[type, Callable[[Any, bytes], Awaitable[None]]] = {
            Insert: self._insert,
            End: self._end,
            Fin: self._fin,
            Reset: self._reset,
            Stall: self._stall,
        }
        await carry_out[type(fault)](fault, unit)

    async def _insert(self, fault: Insert, _: bytes) -> None:
        await self._write(fault.data)

    async def _end(self, _: End, __: bytes) -> None:
        await self._write(b"", more=False)
        raise AnswerOver

    async def _fin(self, _: Fin, unit: bytes) -> None:
        await self._write(b"")
        head = b"%x\r\n" % len(unit) if self._chunked else b""
        self._connection.finish(head + unit[: len(unit) // 2])
        raise AnswerOver

    async def _reset(self, _: Reset, __: bytes) -> None:
        self._connection.reset()
        raise AnswerOver

    async def _stall(self, fault: Stall, _: bytes) -> None:
        try:
            async with asyncio.timeout(fault.seconds):
                await self._connection.wait_ended()
        except TimeoutError:
            return
        raise AnswerOver

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        if self._start is not None:
            await self._send(self._start)
            self._start = None
        if self._slice:
            for begin in range(0, len(data), self._slice):
                await self._send_body(data[begin : begin + self._slice], more=True)
                await asyncio.sleep(0)  # a write of its own
            data = b""
        if data or not more:
            await self._send_body(data, more=more)

    async def _send_body(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
