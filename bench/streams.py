"""Streams from a scripted model through an action and a relay to a reader, with the time of everything."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self, TypeVar

from bench.action import ActionProcess, Call
from bench.errors import BenchError
from bench.model import ModelProcess
from bench.readers import IncrementalReader, Reader
from bench.relay import Relayed, RelayProcess
from bench.worker import DEADLINE_S
from tests.scripted.script import Schedule

_READ_BYTES = 65536
# How long the last bytes may take to the reader once the action has returned.
_ENDING_S = 5.0

# Messages come 50 ms apart. Two can merge only while the relay does not run, which is what a stall is.
_STALL_S = 0.04
_TRIES = 5

_SomeReader = TypeVar("_SomeReader", bound=Reader)


@dataclass(frozen=True)
class Stream:
    """One stream. Times are of `time.monotonic()`, which all processes of a machine share.

    Attributes:
        tokens: what the model said.
        sent_s: when the model handed each of them to the system.
        reads: when the reader got what, one entry for each read from the network.
    """

    tokens: Sequence[str]
    sent_s: Sequence[float]
    reads: Sequence[tuple[float, bytes]]
    call: Call
    relayed: Relayed

    @property
    def stalled(self) -> bool:
        """Return whether the machine held up the relay for so long that messages may have merged."""
        return self.relayed.stall_s > _STALL_S

    def read_by(self, reader: _SomeReader) -> _SomeReader:
        """Let a reader have the whole stream, read by read."""
        for _, data in self.reads:
            reader.feed(data)
        reader.end()
        return reader

    def came_s(self) -> list[float]:
        """Return when each token was whole at the reader.

        Raises:
            BenchError: they are not all there, so that no time belongs to a token.
        """
        reader, came = IncrementalReader(), list[float]()
        ends = list(accumulate(map(len, self.tokens)))
        for at_s, data in self.reads:
            reader.feed(data)
            came += [at_s] * (bisect_right(ends, len(reader.text)) - len(came))
        if reader.text != "".join(self.tokens):
            raise BenchError("tokens were lost on the way: `bench delivery` counts them")
        return came


class Chain:
    """An action between a model and a relay, all in processes of their own.

    Args:
        model: lent; several chains may share it.
        main_file: the action.
        settings: how the action finds the model; as an Ollama unless given.
    """

    def __init__(
        self, model: ModelProcess, main_file: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self._model = model
        self._settings = settings or {"OLLAMA_HOST": model.host}
        self._action = ActionProcess(main_file)
        self._relay = RelayProcess()

    def stream(self, tokens: Sequence[str], schedule: Schedule) -> Stream:
        """Have the model say these tokens at these times, and record what becomes of them.

        Raises:
            BenchError: the action raised, or never streamed.
        """
        prompt = secrets.token_hex(8)
        self._model.say(prompt, tokens, schedule)
        with _Recorder(self._relay.connect()) as recorder:
            asked = {"input": prompt, **self._settings, **self._relay.arguments}
            call = self._action.call(asked, _duration_s(tokens, schedule) + DEADLINE_S)
            recorder.join(_ENDING_S)
            if recorder.is_alive():
                raise BenchError(
                    "the action returned and its stream did not end: it never connected, or left it open"
                )
        sent_s = self._model.sent(prompt)[: len(tokens)]
        return Stream(tokens, sent_s, recorder.reads, call, self._relay.relayed())

    def steady_stream(self, tokens: Sequence[str], schedule: Schedule) -> Stream:
        """Do the same again while the relay stalled: messages that waited may have merged.

        Raises:
            BenchError: see `stream`.
        """
        for _ in range(_TRIES - 1):
            found = self.stream(tokens, schedule)
            if not found.stalled:
                return found
        return self.stream(tokens, schedule)

    def close(self) -> None:
        self._action.close()
        self._relay.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Recorder(threading.Thread):
    """Reads a stream to its end, and notes when each read came. Started by `with`."""

    def __init__(self, stream: socket.socket) -> None:
        super().__init__(daemon=True)
        self.reads: list[tuple[float, bytes]] = []
        self._stream = stream

    def run(self) -> None:
        while data := self._stream.recv(_READ_BYTES):
            self.reads.append((time.monotonic(), data))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _duration_s(tokens: Sequence[str], schedule: Schedule) -> float:
    """Return how long the model needs for so many tokens."""
    return schedule.first_s + (len(tokens) / schedule.tokens_per_s if schedule.tokens_per_s else 0.0)


def numbered(count: int) -> list[str]:
    """Return tokens of six characters each, every one different, so that none can be lost unseen."""
    return [f"<{number:04d}>" for number in range(count)]
