"""The countdown: streaming without a model."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
import streamock
from streamock import Streamock


@pytest.fixture
def countdown(load_action: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LOGIN_SECRET", "")
    return load_action("chat/countdown")


def test_it_counts_down_a_number_a_second(countdown: Any):
    args = streamock.args()
    mock = streamock.start(args)
    began_s = time.monotonic()
    text = countdown.stream(args, countdown.count_to_zero(2))
    assert text == "2...\n1...\nGo!\n"
    assert 2 <= time.monotonic() - began_s < 3
    assert streamock.stop(mock) == b'{"output": "2...\\n"}{"output": "1...\\n"}{"output": "Go!\\n"}'


def test_each_number_is_there_when_its_second_begins(countdown: Any, streamer: Streamock):
    countdown.main({"input": "2", **streamer.args})
    streamer.wait_closed()
    times = [arrival.at_s for arrival in streamer.arrivals]
    assert all(abs(later - sooner - 1) < 0.2 for sooner, later in itertools.pairwise(times))


@pytest.mark.parametrize("given", [None, "", "0", "-3", "three", "1.5", [], {"form": {}}, "9" * 5000])
def test_what_is_no_number_is_answered_with_what_to_type(countdown: Any, streamer: Streamock, given: Any):
    body = countdown.main({"input": given, **streamer.args})["body"]
    streamer.wait_closed()
    assert body == {"output": "Type a number greater than 0 to count down from.", "streaming": True}
    assert streamer.text() == body["output"]


def test_a_number_is_a_number_also_when_it_comes_as_one(countdown: Any):
    assert countdown.main({"input": 1})["body"]["output"] == "1...\nGo!\n"


def test_a_reader_who_leaves_ends_it_at_once(countdown: Any, streamer: Streamock):
    import threading

    activation = threading.Thread(target=countdown.main, args=({"input": "60", **streamer.args},))
    activation.start()
    streamer.wait_frames(1)
    left_s = time.monotonic()
    streamer.hang_up()
    activation.join(5)
    assert time.monotonic() - left_s < 0.3


def test_a_count_that_is_too_long_is_cut_in_time(countdown: Any, time_limit: Any):
    time_limit(1)
    assert "The answer is cut here" in countdown.main({"input": "60"})["body"]["output"]
