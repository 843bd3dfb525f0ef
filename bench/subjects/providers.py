"""What several model servers cost: choosing one, falling back, knowing who is down, the other protocol."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.action import ActionProcess
from bench.direct import READ_BYTES, DirectReader
from bench.figure import Figure
from bench.model import HOST, ModelProcess
from bench.redis_server import RedisServer
from bench.streams import Chain
from bench.subjects import cold_import
from bench.subjects.first_token import SCHEDULE
from bench.target import Target
from localops.openwhisk.entities import Action, Code, LogLine
from localops.runtime.process import ActionProcess as DeskProcess
from tests.scripted.script import Schedule

_ROUTING_BAR_MS = 1
_FALLBACK_BAR_MS = 20
_SILENT_BAR_MS = 50
_KNOWN_BAR_MS = 20
_PROCESSOR_BAR = 1.5
# What the action took when it knew Ollama alone (commit 4e55486), measured in turns on one machine.
_COLD_BAR = 0.65
_CALLS = 200
_FRESH = 40
_SILENT = 15
_COLD = 40
_STREAMS = 5
_TOKENS = ("Rome", " is", " it.")
_SILENT_S = 1.0
_MODEL = "llama3.1:8b"
_TOKEN_COUNT = 20_000
_MODEL_MS = 1000 * SCHEDULE.first_s

_Settings = Mapping[str, str]


def measure(target: Target) -> Iterator[Figure]:
    """Take turns between what is measured and what it is measured against."""
    with ModelProcess() as model, DirectReader() as reader, RedisServer() as redis:
        chat = _Chat(target.main_file, model, reader, redis.url)
        yield _added_by_routing(chat, target)
        yield from _added_by_fallback(chat, target)
        yield _processor(chat, target)
        yield from _cold(chat, target)


@dataclass(frozen=True)
class _Chat:
    """The action, and the model server behind it that speaks both protocols."""

    main_file: Path
    model: ModelProcess
    reader: DirectReader
    redis_url: str

    def ollama(self, host: str = "") -> _Settings:
        """Return the settings of an Ollama: the one that answers, or another host."""
        return {"OLLAMA_HOST": host or self.model.host}

    @property
    def openai(self) -> _Settings:
        """The settings of the same server by OpenAI's protocol."""
        return {"BASE_URL": f"http://{self.model.host}", "MODEL": f"openai/{_MODEL}"}

    def with_fallback(self, host: str = "") -> _Settings:
        """Return the settings of an Ollama with the other one behind it."""
        redis = {"REDIS_URL": self.redis_url, "REDIS_PREFIX": f"{secrets.token_hex(4)}:"}
        behind = {**self.openai, "MODEL": f"ollama/{_MODEL}", "CHAT_FALLBACK": f"openai/{_MODEL}"}
        return {**self.ollama(host), **behind, "FALLBACK_AFTER": str(_SILENT_S), **redis}

    def warm_ms(self, action: ActionProcess, settings: _Settings) -> float:
        """Return the milliseconds from calling the action to its first byte at the reader."""
        prompt = secrets.token_hex(8)
        self.model.say(prompt, _TOKENS, SCHEDULE)
        action.tell({"input": prompt, **settings, **self.reader.arguments})
        first_s = self._first_s()
        return 1000 * (first_s - action.outcome().started_s)

    def fresh_ms(self, settings: _Settings) -> float:
        """Return the same for the first call of a process, which knows of nobody that they are down."""
        with ActionProcess(self.main_file) as action:
            return self.warm_ms(action, settings)

    def cold_ms(self, settings: _Settings) -> float:
        """Return the milliseconds from the start of a process, as localops starts it, to its first byte."""
        prompt = secrets.token_hex(8)
        self.model.say(prompt, _TOKENS, SCHEDULE)
        return 1000 * asyncio.run(self._cold_s({"input": prompt, **settings, **self.reader.arguments}))

    async def _cold_s(self, arguments: Mapping[str, str]) -> float:
        folder = self.main_file.parent
        log: list[LogLine] = []
        started_s = time.monotonic()
        process = await DeskProcess.start(
            Action("bench", folder.name, "python:default", Code(self.main_file, folder))
        )
        try:
            await process.load(folder, None, {}, log.append)
            reading = asyncio.to_thread(self._first_s)
            first_s, _ = await asyncio.gather(reading, process.call(arguments, {}, log.append))
        finally:
            await process.end()
        return first_s - started_s

    def _first_s(self) -> float:
        with self.reader.accept() as stream:
            stream.recv(READ_BYTES)
            first_s = time.monotonic()
            while stream.recv(READ_BYTES):
                pass
        return first_s


def _added_by_routing(chat: _Chat, target: Target) -> Figure:
    with ActionProcess(chat.main_file) as action:
        alone, routed = chat.ollama(), chat.with_fallback()
        routed = {**routed, "CHAT_LONG_WORDS": "1000", "CHAT_TASKS": "research:openai"}
        added = [
            chat.warm_ms(action, routed) - chat.warm_ms(action, alone)
            for _ in range(target.share(_CALLS, least=3))
        ]
    return Figure(
        "first token: added by routing and Redis when the first server answers, p50",
        median(added),
        "ms",
        _ROUTING_BAR_MS,
    )


def _added_by_fallback(chat: _Chat, target: Target) -> Iterator[Figure]:
    with _closed_host() as closed, _silent_host() as silent:
        added = _added(chat, target.share(_FRESH, least=3), lambda: chat.fresh_ms(chat.with_fallback(closed)))
        yield Figure(
            "first token: added by a first server that refuses the connection, p50",
            added,
            "ms",
            _FALLBACK_BAR_MS,
        )
        times = target.share(_SILENT, least=2)
        silent_ms = median(chat.fresh_ms(chat.with_fallback(silent)) for _ in range(times))
        yield Figure(
            "first token after a first server that is silent, beyond FALLBACK_AFTER, p50",
            silent_ms - 1000 * _SILENT_S,
            "ms",
            _SILENT_BAR_MS,
            note=f"FALLBACK_AFTER is {_SILENT_S:g} s here; the model takes {_MODEL_MS:g} ms of it",
        )
        known = chat.with_fallback(silent)
        chat.fresh_ms(known)
        added = _added(chat, target.share(_FRESH, least=3), lambda: chat.fresh_ms(known))
        yield Figure(
            "first token: added in another process while the first server is known to be silent, p50",
            added,
            "ms",
            _KNOWN_BAR_MS,
        )


def _added(chat: _Chat, rounds: int, measured: Callable[[], float]) -> float:
    """Return what something takes longer than asking the fallback alone."""
    return median(measured() - chat.fresh_ms(chat.openai) for _ in range(rounds))


def _processor(chat: _Chat, target: Target) -> Figure:
    count = target.share(_TOKEN_COUNT)
    tokens = [f"{number % 10_000:04d} " for number in range(count)]
    schedule = Schedule(tokens_per_s=1e9)
    with (
        Chain(chat.model, chat.main_file, chat.openai) as openai,
        Chain(chat.model, chat.main_file) as ollama,
    ):
        pairs = [
            (
                1e6 * openai.stream(tokens, schedule).call.processor_s / count,
                1e6 * ollama.stream(tokens, schedule).call.processor_s / count,
            )
            for _ in range(target.share(_STREAMS, least=3))
        ]
    return Figure(
        "processor time for a token, OpenAI's protocol against Ollama's",
        median(ours / theirs for ours, theirs in pairs),
        "x",
        _PROCESSOR_BAR,
        note=" against ".join(f"{median(each):.1f} us" for each in zip(*pairs, strict=True)),
    )


def _cold(chat: _Chat, target: Target) -> Iterator[Figure]:
    """Yield what a process costs that is started for one question, with one server set."""
    alone = {
        "Ollama": chat.ollama(),
        "OpenAI's protocol": chat.openai,
        "Foundry Local": {"FOUNDRY_HOST": chat.model.host, "MODEL": _MODEL},
    }
    samples: dict[str, list[float]] = {name: [] for name in alone}
    ratios: dict[str, list[float]] = {name: [] for name in alone}
    for _ in range(target.share(_COLD, least=3)):
        requests_ms = 1000 * cold_import.run_s("import requests")
        for name, settings in alone.items():
            samples[name].append(chat.cold_ms(settings) - _MODEL_MS)
            ratios[name].append(samples[name][-1] / requests_ms)
    for name in alone:
        yield Figure(
            f"cold start to the first token against an interpreter with `requests`, {name} alone",
            median(ratios[name]),
            "x",
            _COLD_BAR,
            note=f"{median(samples[name]):.0f} ms without what the model takes",
        )


@contextmanager
def _closed_host() -> Generator[str]:
    """Lend an address that refuses connections."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield f"{HOST}:{held.getsockname()[1]}"


@contextmanager
def _silent_host() -> Generator[str]:
    """Lend an address where the kernel takes connections and nobody answers."""
    with socket.create_server((HOST, 0), backlog=1024) as listener:
        yield f"{HOST}:{listener.getsockname()[1]}"
