"""Whatever an action sends, streamock decodes it or says in a sentence why not, at once."""

from __future__ import annotations

import json
import time
from random import Random

import pytest
from fuzzing import Fuzz, odd_bytes, odd_text, odd_value
from streamock import Arrival, Streamock, StreamockError

MAX_S = 1.0
HUGE = [
    b'{"output":' * 30_000,
    b"[" * 30_000,
    b'{"output": ' + b"9" * 30_000 + b"}",
    b'{"output": -' + b"9" * 5_000 + b"e9}",
    b'{"output": "' + b"\\u00" * 30_000 + b'"}',
    b'{"output": "x"}' * 3_000,
    b" " * 30_000 + b"{",
    b"\n" * 30_000 + b"{}",
    b'{"a":{"a":' * 500 + b"1" + b"}}" * 500,
]


def received(data: bytes, *, ended: bool) -> Streamock:
    """Return a mock that has got these bytes, in one piece."""
    mock = Streamock()
    mock.arrivals.append(Arrival(0.0, data))
    mock.ended_by = "action" if ended else None
    return mock


def decoded(data: bytes, *, ended: bool = True) -> tuple[list[dict], str]:
    """Return the objects in some bytes, and the sentence that refuses the rest, or an empty one."""
    began_s = time.thread_time()
    frames, words = list[dict](), ""
    try:
        frames = received(data, ended=ended).frames()
    except StreamockError as error:
        words = str(error)
        assert words
    assert time.thread_time() - began_s < MAX_S, data[:1000]
    return frames, words


def odd_stream(random: Random) -> bytes:
    """Return the bytes of a stream, whole or damaged."""
    parts: list[bytes] = []
    for _ in range(random.randrange(1, 8)):
        value = {"output": odd_text(random)} if random.random() < 0.5 else odd_value(random)
        parts.append(json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "replace"))
    stream = random.choice([b"", b"", b"\n", b" \r\n\t"]).join(parts)
    return odd_bytes(random, stream) if random.random() < 0.6 else stream


@pytest.mark.fuzz
def test_whatever_comes_is_decoded_or_refused_with_a_sentence(fuzz: Fuzz):
    for random in fuzz:
        stream = odd_stream(random)
        frames, words = decoded(stream)
        assert all(isinstance(frame, dict) for frame in frames), stream
        if words:
            continue
        cut = random.randrange(len(stream) + 1)
        begun, refusal = decoded(stream[:cut], ended=False)
        assert not refusal, stream
        assert begun == frames[: len(begun)], stream
        broken = stream[:cut] + b"\n" + stream[cut:]  # as the streamer of a cluster puts one after each read
        assert decoded(broken)[0] == frames, stream


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("data", HUGE, ids=lambda data: f"{data[:12]!r}x{len(data)}")
def test_what_is_huge_or_deep_is_decoded_or_refused_at_once(data: bytes, ended: bool):
    frames, words = decoded(data, ended=ended)
    assert frames or words or not ended


@pytest.mark.parametrize("output", [5, None, ["a"], {"a": 1}, True])
def test_an_output_that_is_not_text_is_named(output: object):
    mock = received(json.dumps({"output": output}).encode(), ended=True)
    with pytest.raises(StreamockError, match="is not a text"):
        mock.text()
