"""The countdown: streaming without a model."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import streamock
from stream_reader import streamed
from streamock import Streamock

# A count of 60 that nobody ends takes longer.
DEADLINE_S = 30


@pytest.fixture
def countdown(load_action: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LOGIN_SECRET", "")
    return load_action("chat/countdown")


def test_it_streams_each_number_and_returns_them_all(countdown: Any):
    args = streamock.args()
    mock = streamock.start(args)
    text = countdown.stream(args, countdown.count_to_zero(2))
    assert text == "2...\n1...\nGo!\n"
    assert streamock.stop(mock) == b'{"output": "2...\\n"}{"output": "1...\\n"}{"output": "Go!\\n"}'


def test_no_number_comes_before_its_second(countdown: Any, streamer: Streamock):
    began_s = time.monotonic()
    countdown.main({"input": "2", **streamer.args})
    streamer.wait_closed()
    assert len(streamer.frames()) == 3
    assert all(at_s - began_s >= second for second, at_s in enumerate(streamer.frame_times()))


def test_each_number_is_sent_while_the_next_is_awaited(countdown: Any, streamer: Streamock):
    activation = threading.Thread(target=countdown.main, args=({"input": "60", **streamer.args},))
    activation.start()
    for place, number in enumerate((60, 59)):
        assert streamer.wait_frames(place + 1)[place] == {"output": f"{number}...\n"}
    streamer.hang_up()
    activation.join(DEADLINE_S)
    assert not activation.is_alive()


@pytest.mark.parametrize("given", [None, "", "0", "-3", "three", "1.5", [], {"form": {}}, "9" * 5000])
def test_what_is_no_number_is_answered_with_what_to_type(countdown: Any, streamer: Streamock, given: Any):
    body = streamed(countdown.main({"input": given, **streamer.args}), streamer)
    assert body == {"output": "Type a number greater than 0 to count down from.", "streaming": True}


def test_a_number_is_a_number_also_when_it_comes_as_one(countdown: Any):
    assert countdown.main({"input": 1})["body"]["output"] == "1...\nGo!\n"


def test_a_count_that_is_too_long_is_cut_in_time(countdown: Any, time_limit: Any):
    time_limit(4)
    assert "The answer is cut here" in countdown.main({"input": "60"})["body"]["output"]
