"""How far the reader is behind the model, and how many bytes that takes."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figure import Figure, percentile
from bench.model import ModelProcess
from bench.streams import Chain, Stream, numbered
from bench.target import Target
from tests.scripted.script import Schedule

RATES = (50, 300, 1000)
_SECONDS = 10
_GAP_MS = 50
_LAG_BAR_MS = _GAP_MS + 20
_WIRE_RATE = 50
_WIRE_BAR = 3


def measure(target: Target) -> Iterator[Figure]:
    """Stream at each rate through the relay."""
    with ModelProcess() as model, Chain(model, target.main_file) as chain:
        streams = {
            rate: chain.steady_stream(numbered(target.share(rate * _SECONDS)), Schedule(tokens_per_s=rate))
            for rate in RATES
        }
    for rate, stream in streams.items():
        yield from _lag(rate, stream)
    yield _wire(streams[_WIRE_RATE])


def _lag(rate: int, stream: Stream) -> Iterator[Figure]:
    """Compare for each token when the model sent it and when it was whole at the reader."""
    lags_ms = [1000 * (came - sent) for came, sent in zip(stream.came_s(), stream.sent_s, strict=True)]
    yield Figure(f"reader behind the model at {rate} tok/s, p50", percentile(lags_ms, 50), "ms")
    yield Figure(f"reader behind the model at {rate} tok/s, p99", percentile(lags_ms, 99), "ms", _LAG_BAR_MS)


def _wire(stream: Stream) -> Figure:
    """Compare what the action sent with the text in it."""
    text_bytes = sum(len(token.encode()) for token in stream.tokens)
    ratio = stream.relayed.read_bytes / text_bytes
    return Figure(f"bytes on the wire at {_WIRE_RATE} tok/s against the text", ratio, "x", _WIRE_BAR)
