"""How localops relays: one stream as fast as it goes, and many of 50 tokens a second."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from statistics import median

from bench.desk import Desk
from bench.figure import Figure, percentile
from bench.processor_time import ProcessorTime
from bench.streamed import (
    TAUGHT_SENDER,
    Reads,
    directly,
    messages,
    streaming_desk,
    through_localops,
    unframed,
)
from bench.target import Target

_FULL_SPEED_TOKENS = 100_000
_ROUNDS = 9
_RATE = 50
_SECONDS = 10
# All streams of a run begin at once; what that costs is another figure, of `streamed_first_token`.
_UNSTEADY_S = 1
_AT_ONCE = (1, 10, 50, 100, 200)
_JUDGED_AT_ONCE = 100


def measure(target: Target) -> Iterator[Figure]:
    """Relay at full speed in turns with a plain reader, then more and more streams at a human pace."""
    with streaming_desk() as desk:
        yield from full_speed(desk, target)
        warm = [{"count": 1, "rate": 0}] * max(_AT_ONCE)
        through_localops(desk, TAUGHT_SENDER, warm)
        for count in _AT_ONCE:
            yield from at_once(desk, count, target.share(_RATE * _SECONDS, least=3 * _RATE))


def full_speed(desk: Desk, target: Target) -> Iterator[Figure]:
    """Measure an action with nothing to wait for, read through localops and by a plain loop."""
    asked = [{"count": target.share(_FULL_SPEED_TOKENS), "rate": 0}]
    ratios: list[float] = []
    speeds: list[float] = []
    for _ in range(target.share(_ROUNDS, least=3)):
        plain = _duration_s(directly(desk, TAUGHT_SENDER, asked)[0])
        relayed = _duration_s(unframed(through_localops(desk, TAUGHT_SENDER, asked)[1][0]))
        ratios.append(plain / relayed)
        speeds.append(asked[0]["count"] / relayed)
    note = f"from {min(ratios):.2f} to {max(ratios):.2f}; {median(speeds):,.0f} tok/s"
    yield Figure(
        "one stream at full speed, against a plain socket reader, p50", median(ratios), "x", 0.9, True, note
    )


def _duration_s(reads: Reads) -> float:
    return reads[-1][0] - reads[0][0]


def at_once(desk: Desk, count: int, tokens: int) -> Iterator[Figure]:
    """Measure so many streams at the same time, through localops and then with nothing between."""
    asked = [{"count": tokens, "rate": _RATE}] * count
    used = ProcessorTime(desk.process.pid)
    _, relayed = through_localops(desk, TAUGHT_SENDER, asked)
    used.stop()
    direct = directly(desk, TAUGHT_SENDER, asked)
    came = [messages(unframed(reads)) for reads in relayed]
    name = f"{count} streams of {_RATE} tok/s"
    lost = count * tokens - sum(map(len, came))
    yield Figure(f"{name}: tokens lost", lost, "", 0)
    through_ms, direct_ms = _lags_ms(came), _lags_ms([messages(reads) for reads in direct])
    added_ms = percentile(through_ms, 99) - percentile(direct_ms, 99)
    bar = 10 if count == _JUDGED_AT_ONCE else None
    note = f"p99 {percentile(through_ms, 99):.1f} ms, without localops {percentile(direct_ms, 99):.1f} ms"
    yield Figure(f"{name}: latency added to a token, p99", added_ms, "ms", bar, note=note)
    yield Figure(f"{name}: latency of a token, p50", percentile(through_ms, 50), "ms")
    yield Figure(f"{name}: processor time of localops", 100 * used.share, "% of a core")
    yield Figure(f"{name}: memory of localops", desk.memory_mb(), "MB")


def _lags_ms(streams: Sequence[Sequence[tuple[float, dict[str, float]]]]) -> list[float]:
    """From an action's sending of each token to its whole arrival, when all streams are under way."""
    all_of_them = list(itertools.chain.from_iterable(streams))
    steady_s = min(at_s for at_s, _ in all_of_them) + _UNSTEADY_S
    return [
        1000 * (at_s - message["sent_s"]) for at_s, message in all_of_them if message["sent_s"] > steady_s
    ]
