"""What localops adds to the time until the first token is there: for one request, and for 200 at once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench.desk import Desk
from bench.errors import BenchError
from bench.figure import Figure, percentile
from bench.model import ModelProcess
from bench.streamed import FIRST_LINE, Reads, ask, streaming_desk, through_localops
from bench.target import Target
from tests.scripted.script import Schedule

_CALLS = 300
_AT_ONCE = 200
_TOGETHER_ROUNDS = 5
_TOKENS = ("Rome", " is", " it.")


def measure(target: Target) -> Iterator[Figure]:
    """Take turns between asking the model directly and through an action of localops; all is warm."""
    with ModelProcess() as model, streaming_desk() as desk:
        yield from one_at_a_time(model, desk, target.share(_CALLS))
        yield from together(model, desk, _AT_ONCE, target.share(_TOGETHER_ROUNDS, least=2))


def one_at_a_time(model: ModelProcess, desk: Desk, calls: int) -> Iterator[Figure]:
    direct_ms, through_ms = list[float](), list[float]()
    for _ in range(calls + 1):
        direct_ms += _called_directly(model, 1)
        through_ms += _called_through(model, desk, 1)
    added_ms = [through - direct for through, direct in zip(through_ms[1:], direct_ms[1:], strict=True)]
    note = f"p99 {percentile(added_ms, 99):.1f} ms; the model directly takes {median(direct_ms):.1f} ms"
    yield Figure(
        "first token added by localops over calling the model, p50", median(added_ms), "ms", 3, note=note
    )


def together(model: ModelProcess, desk: Desk, count: int, rounds: int) -> Iterator[Figure]:
    """Start so many requests together. The first round starts the processes and does not count."""
    cold_ms = _called_through(model, desk, count)
    direct_ms, through_ms = list[float](), list[float]()
    for _ in range(rounds):
        direct_ms += _called_directly(model, count)
        through_ms += _called_through(model, desk, count)
    added_ms = percentile(through_ms, 99) - percentile(direct_ms, 99)
    note = f"p99 {percentile(through_ms, 99):.0f} ms, of the model alone {percentile(direct_ms, 99):.0f} ms"
    name = f"first token of {count} requests started together"
    yield Figure(f"{name}, added p99", added_ms, "ms", 150, note=note)
    yield Figure(f"{name}, p99, when no process runs yet", percentile(cold_ms, 99), "ms")


def _called_directly(model: ModelProcess, count: int) -> list[float]:
    """Return the milliseconds to the first line of the model's answer."""
    each = _questions(model, count)
    begun_s, answers = ask(int(model.host.rpartition(":")[2]), "/api/generate", each)
    return [_first_ms(begun_s, reads, b'"response"') for reads in answers]


def _called_through(model: ModelProcess, desk: Desk, count: int) -> list[float]:
    """Return the milliseconds to the same when an action of localops passes it on."""
    each = [{**question, "model_host": model.host} for question in _questions(model, count)]
    begun_s, answers = through_localops(desk, FIRST_LINE, each)
    return [_first_ms(begun_s, reads, b'"output"') for reads in answers]


def _questions(model: ModelProcess, count: int) -> list[dict[str, Any]]:
    """Yield requests to the model, each with an answer of its own."""
    prompts = [secrets.token_hex(8) for _ in range(count)]
    for prompt in prompts:
        model.say(prompt, _TOKENS, Schedule())
    return [{"model": "llama3.1:8b", "prompt": prompt, "stream": True} for prompt in prompts]


def _first_ms(begun_s: float, reads: Reads, mark: bytes) -> float:
    """Return the milliseconds until a text had come."""
    data = b""
    for at_s, part in reads:
        data += part
        if mark in data:
            return 1000 * (at_s - begun_s)
    raise BenchError(f"there was no {mark.decode()} in {data[:300]!r}")
