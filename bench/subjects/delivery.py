"""Tokens lost, doubled or damaged on the way through a relay that behaves as production does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.figure import Figure
from bench.model import ModelProcess
from bench.readers import ChunkReader, IncrementalReader, LineReader, Reader
from bench.streams import Chain, Stream, numbered
from bench.target import Target
from tests.scripted.script import Schedule

_TOKENS = 2000
# How long the slowest source takes for them; of the others as many tokens are sent as in that time, or all.
_SECONDS = 100
# These need their time and little else, so they run side by side.
SLOW = {
    "20 tok/s": Schedule(tokens_per_s=20),
    "100 tok/s": Schedule(tokens_per_s=100),
    "bursts of 2": Schedule(tokens_per_s=50, burst=2),
    "bursts of 4": Schedule(tokens_per_s=50, burst=4),
    "bursts of 8": Schedule(tokens_per_s=50, burst=8),
}
FAST = {
    "1000 tok/s": Schedule(tokens_per_s=1000),
    "unthrottled": Schedule(),
}
_INCREMENTAL = "incremental reader"


@dataclass(frozen=True)
class Damage:
    """The fate of the tokens."""

    lost: int
    doubled: int
    damaged: int

    @classmethod
    def of(cls, text: str, tokens: Sequence[str]) -> Damage:
        """Compare what was read with what was said; the tokens are those of `numbered`."""
        seen = Counter(re.findall(r"<\d{4}>", text))
        lost = sum(token not in seen for token in tokens)
        doubled = sum(seen.values()) - len(seen)
        fragments = len(re.sub(r"(<\d{4}>)+", " ", text).split())
        misplaced = text != "".join(tokens) and not (lost or doubled or fragments)
        return cls(lost, doubled, fragments + misplaced)

    @property
    def total(self) -> int:
        return self.lost + self.doubled + self.damaged


def measure(target: Target) -> Iterator[Figure]:
    """Send every source through the relay, and let each kind of client read what comes out."""
    with ModelProcess() as model:
        with ThreadPoolExecutor(len(SLOW)) as pool:
            runs = {name: pool.submit(run, model, target, schedule) for name, schedule in SLOW.items()}
            for name, stream in runs.items():
                yield from figures(name, stream.result())
        for name, schedule in FAST.items():
            with Chain(model, target.main_file) as chain:
                yield from figures(name, chain.steady_stream(_tokens_of(target, schedule), schedule))


def run(model: ModelProcess, target: Target, schedule: Schedule) -> Stream:
    with Chain(model, target.main_file) as chain:
        return chain.stream(_tokens_of(target, schedule), schedule)


def _tokens_of(target: Target, schedule: Schedule) -> list[str]:
    count = min(_TOKENS, round(_SECONDS * target.effort * (schedule.tokens_per_s or _TOKENS)))
    return numbered(max(1, count))


def figures(name: str, stream: Stream) -> Iterator[Figure]:
    """Return the figures of one source. Clients that carry nothing over may lose when the relay stalls."""
    stall = f"the relay stalled for {stream.relayed.stall_s * 1000:.0f} ms" if stream.stalled else ""
    readers: dict[str, Reader] = {
        _INCREMENTAL: IncrementalReader(),
        "line reader": LineReader(),
        "chunk reader": ChunkReader(),
    }
    for kind, reader in readers.items():
        damage = Damage.of(stream.read_by(reader).text, stream.tokens)
        parts = (
            f"{damage.lost} lost, {damage.doubled} doubled, {damage.damaged} damaged" if damage.total else ""
        )
        excused = stall and kind != _INCREMENTAL
        yield Figure(
            f"lost or damaged of {len(stream.tokens)} tokens, {name}: {kind}",
            damage.total,
            "",
            bar=None if excused else 0,
            note=", ".join(filter(None, [parts, stall, reader.fault])),
        )
