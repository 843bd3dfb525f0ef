"""How much an unthrottled model gets through, and whether memory stays flat meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figure import Figure
from bench.model import ModelProcess
from bench.streams import Chain
from bench.target import Target
from tests.scripted.script import Schedule

# The first stream fills every buffer, and the text that is kept for the answer's body; the second is longer.
_TOKENS, _LONGER = 40_000, 3
_SUSTAINED_BAR = 5_000
_GROWTH_BAR_MIB = 1
_MIB = 1024 * 1024


def measure(target: Target) -> Iterator[Figure]:
    """Stream tokens of five characters as fast as the action takes them."""
    count = target.share(_TOKENS)
    tokens = [f"{number % 10_000:04d} " for number in range(count)]
    with ModelProcess() as model, Chain(model, target.main_file) as chain:
        first = chain.stream(tokens, Schedule())
        second = chain.stream(tokens * _LONGER, Schedule())
    (first_s, _), *_, (last_s, _) = second.reads
    rate = len(second.tokens) / (last_s - first_s)
    yield Figure("unthrottled source, 5-byte tokens: sustained", rate, "tok/s", _SUSTAINED_BAR, at_least=True)
    growth = (second.call.peak_bytes - first.call.peak_bytes) / _MIB
    yield Figure(
        f"peak memory of an answer of {count * _LONGER:,} tokens over one of {count:,}",
        growth,
        "MiB",
        _GROWTH_BAR_MIB,
        note=f"the process holds {first.call.peak_bytes / _MIB:.0f} MiB",
    )
