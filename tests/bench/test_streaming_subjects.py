"""That localops' own streaming is measured, on a small scale: not how fast this machine is."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from bench.desk import Desk
from bench.errors import BenchError
from bench.model import ModelProcess
from bench.processor_time import ProcessorTime
from bench.streamed import (
    TAUGHT_SENDER,
    ask,
    directly,
    messages,
    streaming_desk,
    through_localops,
    unframed,
)
from bench.subjects import streamed_first_token, streamer
from bench.subjects.leaks import WARM_AT_ONCE, left_behind, run
from bench.target import Target


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with streaming_desk() as running:
        yield running


def test_streams_through_localops_and_without_it_hold_the_same(desk: Desk):
    asked = [{"count": 20, "rate": 200}] * 3
    _, relayed = through_localops(desk, TAUGHT_SENDER, asked)
    direct = directly(desk, TAUGHT_SENDER, asked)
    expected = [f"<{number:05d}>" for number in range(20)]
    for stream in [*map(unframed, relayed), *direct]:
        assert [message["output"] for _, message in messages(stream)] == expected


def test_the_frame_of_an_answer_is_taken_off_wherever_it_is_cut():
    answer = b'HTTP/1.1 200 OK\r\nx: y\r\n\r\n5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
    for size in range(1, len(answer) + 1):
        reads = [(float(at), answer[at : at + size]) for at in range(0, len(answer), size)]
        assert [message for _, message in messages(unframed(reads))] == [{"a": 1}]


def test_an_answer_that_is_a_refusal_is_not_measured(desk: Desk):
    _, (reads,) = ask(desk.port, "/web/devel/bench/missing", [{}])
    with pytest.raises(BenchError, match="not ok"):
        unframed(reads)


def test_each_rate_has_its_figures_and_loses_nothing(desk: Desk):
    lost, added, p50, processor, memory = streamer.at_once(desk, 3, 100)
    assert (lost.value, lost.ok) == (0, True)
    assert added.bar is None
    assert p50.value > 0
    assert 0 <= processor.value < 100
    assert 10 < memory.value < 200


def test_full_speed_is_a_share_of_a_plain_reader(desk: Desk):
    (ratio,) = streamer.full_speed(desk, Target(desk.hello, 0.02))
    assert (ratio.value > 0, ratio.bar, ratio.at_least) == (True, 0.9, True)


def test_the_first_token_is_timed_alone_and_together(desk: Desk):
    with ModelProcess() as model:
        (alone,) = streamed_first_token.one_at_a_time(model, desk, 3)
        together, cold = streamed_first_token.together(model, desk, 4, 1)
    assert (math.isfinite(alone.value), alone.bar) == (True, 3)
    assert "together" in together.name
    assert cold.value > 0


def test_streams_leave_nothing_behind(desk: Desk):
    run(desk, 80, WARM_AT_ONCE)
    descriptors, processes, _ = left_behind(desk, 20)
    assert (descriptors.name, descriptors.ok) == (
        "after 20 streams, half of them abandoned: more open descriptors",
        True,
    )
    assert processes.ok


def test_a_process_that_is_gone_has_no_processor_time():
    with pytest.raises(BenchError, match="while the process runs"):
        ProcessorTime(2**22 + 1)
