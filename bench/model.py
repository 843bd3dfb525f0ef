"""Serve scripted answers from a process of its own, and tell when each token left and when a client did."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.errors import BenchError
from bench.worker import DEADLINE_S, Worker, answer, commands
from localops.ollama.listener import Listener
from tests.scripted.app import ScriptedApp
from tests.scripted.connection import ScriptedConnection
from tests.scripted.recording import RecordedRequest
from tests.scripted.script import Answer, Schedule, Script

HOST = "127.0.0.1"
_MODELS = ("llama3.1:8b", "deepseek-r1:32b")


class ModelProcess(Worker):
    """A scripted model server. Each run has a prompt of its own, by which its answer is known.

    Attributes:
        host: address and port, as OLLAMA_HOST has them.
    """

    def __init__(self) -> None:
        super().__init__("bench.model")
        self.host = f"{HOST}:{self.hear()['port']}"

    def say(self, prompt: str, tokens: Sequence[str], schedule: Schedule) -> None:
        """Answer a prompt with these tokens at these times."""
        self.ask({"do": "say", "prompt": prompt, "tokens": tokens, "schedule": asdict(schedule)})

    def sent(self, prompt: str) -> list[float]:
        """Return when each token of the answer to a prompt was handed to the system."""
        times = self.ask({"do": "sent", "prompt": prompt})["sent"]
        return [at_s for at_s, lines in times for _ in range(lines)]

    def wait_asked(self, prompt: str) -> float:
        """Wait until a prompt has come, and tell when it did."""
        return self._time({"do": "wait asked", "prompt": prompt}, "was never asked")

    def wait_closed(self, prompt: str) -> float:
        """Wait until the client of a prompt has ended its connection, and tell when it did."""
        return self._time({"do": "wait closed", "prompt": prompt}, "is still being answered")

    def _time(self, question: dict[str, Any], problem: str) -> float:
        at_s = self.ask(question, 2 * DEADLINE_S)["at_s"]
        if at_s is None:
            raise BenchError(f"{question['prompt']} {problem} after {DEADLINE_S:g} s")
        return at_s


class _Visit:
    """One request, from its first header on.

    Attributes:
        sent: when the server handed over lines, and how many.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[float, int]] = []
        self.request: RecordedRequest | None = None


class _Run:
    """The answer of the server to one prompt, and the request that asked for it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked = threading.Event()
        self.visit = _Visit()

    def begin(self, visit: _Visit) -> Answer:
        self.visit = visit
        self.asked.set()
        return self.answer

    def asked_s(self) -> float | None:
        self.asked.wait(DEADLINE_S)
        return self.visit.request.arrived_s if self.visit.request else None

    def closed_s(self) -> float | None:
        if self.visit.request:
            self.visit.request.wait_closed(DEADLINE_S)
        return self.visit.request.closed_s if self.visit.request else None


class _Server:
    """In the child: a scripted server in a thread of its own, and the runs it knows."""

    def __init__(self) -> None:
        self.runs: dict[str, _Run] = {}
        self._visit: ContextVar[_Visit] = ContextVar("visit")
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        script = Script(lambda prompt: self.runs[prompt].begin(self._visit.get()), models=_MODELS)
        self._app: ASGIApp = ScriptedApp(script, self._record)

    def start(self) -> None:
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()

    async def _serve(self) -> None:
        await Listener(self, self._socket, ScriptedConnection).start()
        await asyncio.Event().wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = _Visit()
        self._visit.set(visit)

        async def timed(message: Message) -> None:
            if lines := message.get("body", b"").count(b"\n"):
                visit.sent.append((time.monotonic(), lines))
            await send(message)

        await self._app(scope, receive, timed)

    def _record(self, request: RecordedRequest) -> None:
        self._visit.get().request = request


def _serve() -> None:
    """Answer and obey, in the child, until the parent ends."""
    server = _Server()
    server.start()
    answer({"port": server.port})
    for command in commands():
        prompt = command["prompt"]
        match command["do"]:
            case "say":
                schedule = Schedule(**command["schedule"])
                server.runs[prompt] = _Run(Answer(command["tokens"], schedule=schedule))
                answer({})
            case "sent":
                answer({"sent": server.runs.pop(prompt).visit.sent})
            case "wait asked":
                answer({"at_s": server.runs[prompt].asked_s()})
            case _:
                answer({"at_s": server.runs[prompt].closed_s()})


if __name__ == "__main__":
    _serve()
