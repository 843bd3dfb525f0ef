"""How soon the request to the model is closed after its reader has had enough, with no streamer between."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from bench.action import ActionProcess
from bench.direct import READ_BYTES, DirectReader
from bench.figure import Figure
from bench.model import HOST, ModelProcess
from bench.redis_server import RedisServer
from bench.target import Target
from tests.scripted.script import Schedule

_BAR_MS = 300
_TIMES = 100
_TOKENS = ["word "] * 1000
_LOADING = Schedule(first_s=60)
_ANSWERING = Schedule(tokens_per_s=50)
# More than a listener with a queue of none lets wait; whoever comes then gets no answer at all.
_WAITING_CLIENTS = 4

_Way = Callable[[socket.socket, str], float]
"""Stops the request of that id, or leaves its stream; gives the time at which that was begun."""


@dataclass(frozen=True)
class _Phase:
    """A phase of an action in which it is stopped."""

    name: str
    schedule: Schedule
    connects: bool = True
    answers: bool = False


PHASES = (
    _Phase("before it is connected", _LOADING, connects=False),
    _Phase("while it loads", _LOADING),
    _Phase("in mid-answer", _ANSWERING, answers=True),
)


class _Stopping:
    """An action that is called again and again, and stopped each time."""

    def __init__(self, model: ModelProcess, reader: DirectReader, action: ActionProcess, deaf: str) -> None:
        self._model = model
        self._reader = reader
        self._action = action
        self._deaf = deaf

    def took_ms(self, phase: _Phase, stop: _Way, redis_url: str) -> float:
        """Call the action, stop it in the phase, and give the time from there to its end at the model.

        A model that is not connected sees no end: there it is the end of the action itself.
        """
        prompt, request = secrets.token_hex(8), secrets.token_hex(8)
        self._model.say(prompt, _TOKENS, phase.schedule)
        host = self._model.host if phase.connects else self._deaf
        asked = {"input": prompt, "request": request, "OLLAMA_HOST": host, "REDIS_URL": redis_url}
        self._action.tell({**asked, **self._reader.arguments})
        with self._reader.accept() as stream:
            if phase.connects:
                self._model.wait_asked(prompt)
            if phase.answers:
                stream.recv(READ_BYTES)
            stopped_s = stop(stream, request)
            closed_s = self._model.wait_closed(prompt) if phase.connects else None
            ended_s = self._action.outcome().ended_s
        return 1000 * ((closed_s or ended_s) - stopped_s)


def measure(target: Target) -> Iterator[Figure]:
    """Stop in each phase, first by leaving the stream, then by a key in Redis with the stream left open."""
    with ExitStack() as stack:
        model, reader = stack.enter_context(ModelProcess()), stack.enter_context(DirectReader())
        action = stack.enter_context(ActionProcess(target.main_file))
        stopping = _Stopping(model, reader, action, stack.enter_context(_deaf_host()))
        for phase in PHASES:
            yield _figure("leaving", phase, [stopping.took_ms(phase, _leave, "") for _ in _times(target)])
        redis = stack.enter_context(RedisServer())
        other = stack.enter_context(ActionProcess(target.main_file))
        press = _presser(other, redis.url)
        for phase in PHASES:
            yield _figure(
                "stop key", phase, [stopping.took_ms(phase, press, redis.url) for _ in _times(target)]
            )


def _times(target: Target) -> range:
    return range(target.share(_TIMES))


def _figure(way: str, phase: _Phase, samples_ms: list[float]) -> Figure:
    within = sum(sample <= _BAR_MS for sample in samples_ms)
    return Figure(
        f"Stop by {way}, no streamer between, to the model's connection closed, {phase.name}: slowest",
        max(samples_ms),
        "ms",
        _BAR_MS,
        note=f"{within} of {len(samples_ms)} within {_BAR_MS} ms, p50 {median(samples_ms):.0f} ms; "
        "no streamer between",
    )


def _leave(stream: socket.socket, _request: str) -> float:
    """Close the stream, as a streamer does that has noticed that its reader left."""
    at_s = time.monotonic()
    stream.close()
    return at_s


def _presser(action: ActionProcess, redis_url: str) -> _Way:
    """Return a way to stop by calling the same action, in another process, with the id of the request."""

    def press(_stream: socket.socket, request: str) -> float:
        at_s = time.monotonic()
        action.call({"stop": request, "REDIS_URL": redis_url})
        return at_s

    return press


@contextmanager
def _deaf_host() -> Generator[str]:
    """Lend an address that neither accepts nor refuses a connection."""
    with socket.socket() as listener, ExitStack() as clients:
        listener.bind((HOST, 0))
        listener.listen(0)
        for _ in range(_WAITING_CLIENTS):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"{HOST}:{listener.getsockname()[1]}"
