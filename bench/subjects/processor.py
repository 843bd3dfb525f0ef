"""Processor time for each token, against reading the same lines with `requests` alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.action import ActionProcess
from bench.baselines import iter_lines
from bench.figure import Figure
from bench.model import ModelProcess
from bench.streams import Chain
from bench.target import Target
from tests.scripted.script import Schedule

_BAR = 1.5
# How many tokens of each. A model server writes one chunk a line; of 64 lines in a chunk each costs less to
# read than to decode, so that is told without a bar.
SOURCES = {
    "300 tok/s": (Schedule(tokens_per_s=300), 1500, _BAR),
    "unthrottled": (Schedule(tokens_per_s=1e9), 20_000, _BAR),
    "unthrottled, 64 lines a chunk": (Schedule(), 20_000, None),
}
_ROUNDS = 5


def measure(target: Target) -> Iterator[Figure]:
    """Take turns, so that whatever else the machine does hits both."""
    with (
        ModelProcess() as model,
        Chain(model, target.main_file) as chain,
        ActionProcess(Path(iter_lines.__file__)) as alone,
    ):
        for name, (schedule, full, bar) in SOURCES.items():
            count = target.share(full)
            tokens = [f"{number % 10_000:04d} " for number in range(count)]
            action_us, alone_us = list[float](), list[float]()
            for _ in range(target.share(_ROUNDS, least=3)):
                action_us.append(1e6 * chain.stream(tokens, schedule).call.processor_s / count)
                alone_us.append(1e6 * _read_alone(model, alone, tokens, schedule) / count)
            ratio = median(ours / theirs for ours, theirs in zip(action_us, alone_us, strict=True))
            yield Figure(
                f"processor time for a token against `iter_lines` alone, {name}",
                ratio,
                "x",
                bar,
                note=f"{median(action_us):.1f} us against {median(alone_us):.1f} us",
            )


def _read_alone(model: ModelProcess, alone: ActionProcess, tokens: list[str], schedule: Schedule) -> float:
    """Return the processor time that reading the lines alone takes."""
    prompt = secrets.token_hex(8)
    model.say(prompt, tokens, schedule)
    return alone.call({"input": prompt, "OLLAMA_HOST": model.host}).processor_s
