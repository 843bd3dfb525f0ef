"""What the action adds to the time until the first token is there."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.action import ActionProcess
from bench.baselines import iter_lines, plain_socket
from bench.direct import READ_BYTES, DirectReader
from bench.figure import Figure, percentile
from bench.model import ModelProcess
from bench.target import Target
from tests.scripted.script import Schedule

_BAR_MS = 2
_CALLS = 200
_TOKENS = ("Rome", " is", " it.")
# A model needs some time to its first token; less than any does.
SCHEDULE = Schedule(first_s=0.01, tokens_per_s=100)


def measure(target: Target) -> Iterator[Figure]:
    """Take turns between the action and the two that call the model directly; all processes are warm."""
    with (
        ModelProcess() as model,
        DirectReader() as reader,
        ActionProcess(target.main_file) as action,
        ActionProcess(Path(plain_socket.__file__)) as socket_alone,
        ActionProcess(Path(iter_lines.__file__)) as requests_alone,
    ):
        action_ms, socket_ms, requests_ms = list[float](), list[float](), list[float]()
        for _ in range(target.share(_CALLS)):
            action_ms.append(_through_action(model, action, reader))
            socket_ms.append(_called_directly(model, socket_alone))
            requests_ms.append(_called_directly(model, requests_alone))
    added_ms = median(ours - theirs for ours, theirs in zip(action_ms, socket_ms, strict=True))
    yield Figure("first token: added by the action over a bare socket, p50", added_ms, "ms", _BAR_MS)
    for name, samples in (("action", action_ms), ("bare socket", socket_ms), ("`requests`", requests_ms)):
        yield Figure(
            f"first token after the call, {name}, p50",
            median(samples),
            "ms",
            note=f"p99 {percentile(samples, 99):.1f} ms; the model takes {1000 * SCHEDULE.first_s:g} of it",
        )


def _through_action(model: ModelProcess, action: ActionProcess, reader: DirectReader) -> float:
    """Return the milliseconds from calling the action to its first byte at the reader."""
    prompt = secrets.token_hex(8)
    model.say(prompt, _TOKENS, SCHEDULE)
    action.tell({"input": prompt, "OLLAMA_HOST": model.host, **reader.arguments})
    with reader.accept() as stream:
        stream.recv(READ_BYTES)
        first_s = time.monotonic()
        while stream.recv(READ_BYTES):
            pass
    return 1000 * (first_s - action.outcome().started_s)


def _called_directly(model: ModelProcess, action: ActionProcess) -> float:
    """Return the milliseconds from calling an action that reads the model's answer to its first line."""
    prompt = secrets.token_hex(8)
    model.say(prompt, _TOKENS, SCHEDULE)
    call = action.call({"input": prompt, "OLLAMA_HOST": model.host})
    return 1000 * (call.result["first_s"] - call.started_s)
