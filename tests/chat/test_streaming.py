"""How a reply travels: its pace, its size, its end."""

from __future__ import annotations

import gc
import itertools
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamock import Streamock

GAP_S = 0.05
# However busy the machine is: only a reply that hangs takes so long.
DEADLINE_S = 30
Make = Callable[[Any], object]


@pytest.fixture
def reply(shared: Callable[[str], Any]) -> Callable[..., dict[str, Any]]:
    """Deliver a reply, and return the body that it would have without a stream."""
    return lambda args, make: shared("streaming").deliver(args, make).body()


def writing(*texts: str) -> Make:
    return lambda reply: [reply.write(text) for text in texts]


def assert_apart(mock: Streamock, began_s: float) -> None:
    """Check that no message came sooner than the gaps before it allow; a busy machine makes it come later."""
    assert all(at_s - began_s >= gaps * GAP_S for gaps, at_s in enumerate(mock.frame_times()))


def test_it_connects_before_anything_is_written(reply: Any, streamer: Streamock):
    seen: list[bool] = []
    reply(streamer.args, lambda _: seen.append(streamer.wait_connected() > 0))
    assert seen == [True]


def test_the_first_text_goes_out_at_once_and_alone(reply: Any, streamer: Streamock):
    def make(written: Any) -> None:
        written.write("first")
        streamer.wait_frames(1)
        written.write("second")
        written.write(" third")

    reply(streamer.args, make)
    streamer.wait_closed()
    assert streamer.frames() == [{"output": "first"}, {"output": "second third"}]


def test_messages_are_at_least_the_gap_apart(reply: Any, streamer: Streamock):
    began_s = time.monotonic()
    reply(streamer.args, writing(*["x" * 1000] * 20))
    streamer.wait_closed()
    assert len(streamer.frames()) > 10
    assert_apart(streamer, began_s)


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "\u00e8" * 3000, "\U0001f600" * 700, '\\"\n\x00' * 1000, "a\U0001f600" * 900]
)
def test_a_long_text_is_cut_at_characters_into_messages_that_fit_one_read(
    reply: Any, streamer: Streamock, text: str
):
    body = reply(streamer.args, writing(text))
    streamer.wait_closed()
    assert streamer.text() == text == body["output"]
    for frame in streamer.frames():
        encoded = json.dumps(frame)
        assert len(encoded) < 1900
        json.dumps(frame, ensure_ascii=False).encode()
    assert streamer.data.isascii()
    assert b"\n" not in streamer.data


def test_a_message_is_as_full_as_it_may_be(reply: Any, streamer: Streamock):
    reply(streamer.args, writing("x" * 19_000))
    streamer.wait_closed()
    assert len(streamer.frames()) == 11


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(), max_size=6))
def test_what_the_reader_decodes_is_what_was_written(reply: Any, texts: list[str]):
    with Streamock(production=True) as mock:
        body = reply(mock.args, writing(*texts))
        mock.wait_closed()
        assert mock.text() == "".join(texts) == body["output"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=[]), max_size=50))
def test_half_a_surrogate_pair_is_replaced_everywhere(reply: Any, text: str):
    with Streamock() as mock:
        body = reply(mock.args, writing(text))
        mock.wait_closed()
        assert mock.text() == body["output"]
        body["output"].encode()


def test_what_belongs_to_the_beginning_travels_with_the_first_output(reply: Any, streamer: Streamock):
    def make(written: Any) -> None:
        written.first_members["state"] = "s"
        written.write("thought", "thinking")
        written.write("text")
        streamer.wait_frames(2)
        written.write("more")

    body = reply(streamer.args, make)
    streamer.wait_closed()
    assert streamer.frames() == [
        {"thinking": "thought"},
        {"output": "text", "state": "s"},
        {"output": "more"},
    ]
    assert body == {"output": "textmore", "thinking": "thought", "streaming": True, "state": "s"}


def test_what_belongs_to_the_beginning_comes_alone_at_the_end_without_output(reply: Any, streamer: Streamock):
    def make(written: Any) -> None:
        written.first_members["state"] = "s"

    assert reply(streamer.args, make) == {"output": "", "streaming": True, "state": "s"}
    streamer.wait_closed()
    assert streamer.frames() == [{"state": "s"}]


def test_last_members_come_after_all_output(reply: Any, streamer: Streamock):
    def make(written: Any) -> None:
        written.last_members["metrics"] = {"tokens": 1}
        written.write("x" * 4000)

    began_s = time.monotonic()
    reply(streamer.args, make)
    streamer.wait_closed()
    assert [list(frame) for frame in streamer.frames()] == [["output"]] * 3 + [["metrics"]]
    assert_apart(streamer, began_s)


def test_without_a_streamer_the_body_has_the_text(reply: Any):
    assert reply({}, writing("a", "b")) == {"output": "ab", "streaming": True}


def test_a_sentence_of_the_action_stands_apart(reply: Any):
    def make(written: Any) -> None:
        written.say("First.")
        written.say("Second.")

    assert reply({}, make)["output"] == "First.\n\nSecond."


UNREACHABLE = "The streamer at STREAM_HOST and STREAM_PORT cannot be reached: open the chat again."


@pytest.mark.parametrize(
    "args",
    [
        {"STREAM_PORT": "x"},
        {"STREAM_PORT": None},
        {"STREAM_PORT": "99999"},
        {"STREAM_PORT": ["1"]},
        {"STREAM_HOST": "no such host", "STREAM_PORT": "1"},
        {"STREAM_HOST": "\udc00.example", "STREAM_PORT": "1"},
    ],
)
def test_a_streamer_that_cannot_be_reached_is_logged_and_nothing_is_made(
    shared: Any, caplog: pytest.LogCaptureFixture, args: Any
):
    made: list[Any] = []
    assert shared("streaming").reply({"STREAM_HOST": "127.0.0.1", **args}, made.append) == {"statusCode": 204}
    assert [record.getMessage() for record in caplog.records] == [UNREACHABLE]
    assert made == []


def test_a_streamer_that_refuses_is_logged(shared: Any, caplog: pytest.LogCaptureFixture):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        args = {"STREAM_HOST": "127.0.0.1", "STREAM_PORT": str(held.getsockname()[1])}
        assert shared("streaming").reply(args, writing("x")) == {"statusCode": 204}
    assert [record.getMessage() for record in caplog.records] == [UNREACHABLE]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("end", ["whole", "raises", "says nothing", "left", "cut"])
def test_behind_the_streamer_there_is_no_body_however_it_ends(
    shared: Any, streamer: Streamock, time_limit: Callable[[float], None], end: str
):
    over = threading.Event()

    def make(written: Any) -> None:
        if end != "says nothing":
            written.write("so far")
        if end == "raises":
            raise KeyError("x")
        if end == "left":
            streamer.hang_up()
        if end in ("left", "cut"):
            over.wait(DEADLINE_S)

    time_limit(1 if end == "cut" else 60)
    answer = shared("streaming").reply(streamer.args, make)
    over.set()
    assert answer == {"statusCode": 204}


NOT_STREAMED = "This action does not stream: call it by its web address."


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        ({"output": "text", "form": [1]}, [{"output": "text"}]),
        ({"output": "text", "state": "s"}, [{"output": "text", "state": "s"}]),
        ({"services": []}, [{"output": NOT_STREAMED}]),
        ("text", [{"output": NOT_STREAMED}]),
        (None, [{"output": NOT_STREAMED}]),
    ],
)
def test_an_answer_in_one_piece_goes_through_the_streamer_without_a_body_too(
    shared: Any, streamer: Streamock, body: object, frames: list[dict[str, Any]]
):
    whole = shared("streaming").whole
    assert whole({}, lambda _: {"body": body, "headers": {}}) == {"body": body, "headers": {}}
    assert whole(streamer.args, lambda _: {"body": body}) == {"statusCode": 204}
    streamer.wait_closed()
    assert streamer.frames() == frames


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("streams", [True, False])
def test_an_error_of_the_action_itself_is_a_sentence_and_not_an_exception(
    reply: Any, streamer: Streamock, streams: bool
):
    def make(written: Any) -> None:
        written.write("so far")
        raise KeyError("canary-secret")

    body = reply(streamer.args if streams else {}, make)
    assert body["output"] == "so far\n\nSomething went wrong inside this action: its log says what."
    if streams:
        streamer.wait_closed()
        assert streamer.text() == body["output"]


@pytest.mark.parametrize("streams", [True, False])
def test_it_is_cut_before_its_time_is_over(
    reply: Any, streamer: Streamock, time_limit: Callable[[float], None], streams: bool
):
    over = threading.Event()
    closed: list[str] = []

    def make(written: Any) -> None:
        written.on_end(lambda: closed.append("closed"))
        written.write("so far")
        over.wait(DEADLINE_S)

    time_limit(4)
    began_s = time.monotonic()
    body = reply(streamer.args if streams else {}, make)
    took_s = time.monotonic() - began_s
    over.set()
    assert body["output"].startswith("so far\n\nThe answer is cut here")
    assert closed == ["closed"]
    assert took_s < 4
    if streams:
        streamer.wait_closed()
        assert streamer.text() == body["output"]


def test_what_waits_is_still_sent_when_time_is_over(
    reply: Any, streamer: Streamock, time_limit: Callable[[float], None]
):
    def make(written: Any) -> None:
        for _ in range(1000):
            written.write("x" * 1000)

    time_limit(4)
    began_s = time.monotonic()
    body = reply(streamer.args, make)
    assert time.monotonic() - began_s < 4
    streamer.wait_closed()
    assert streamer.text() == body["output"]
    assert "The answer is cut here" in body["output"]


def test_silence_until_time_is_over_is_explained(reply: Any, time_limit: Callable[[float], None]):
    over = threading.Event()
    time_limit(0.5)
    body = reply({}, lambda _: over.wait(DEADLINE_S))
    over.set()
    assert body["output"].startswith("No answer came in the time")


def test_a_time_that_is_over_already_is_no_reason_to_raise(reply: Any, time_limit: Callable[[float], None]):
    over = threading.Event()
    time_limit(-5)
    assert reply({}, lambda _: over.wait(DEADLINE_S))["output"]
    over.set()


def test_a_reader_who_leaves_ends_it_though_its_maker_is_busy(reply: Any, streamer: Streamock):
    over = threading.Event()
    closed = threading.Event()

    def make(written: Any) -> None:
        written.on_end(closed.set)
        written.write("hello")
        over.wait(DEADLINE_S)

    runner = threading.Thread(target=reply, args=(streamer.args, make))
    runner.start()
    streamer.wait_frames(1)
    assert not closed.is_set()
    streamer.hang_up()
    ended_in_time = closed.wait(DEADLINE_S)
    runner.join(DEADLINE_S)
    returned_in_time = not runner.is_alive()
    over.set()
    assert ended_in_time
    assert returned_in_time


def test_writing_after_the_end_leaves_the_maker(reply: Any, shared: Any, streamer: Streamock):
    raised: list[type[BaseException]] = []

    def make(written: Any) -> None:
        written.end("stopped")
        for call in (lambda: written.write("x"), lambda: written.say("x")):
            with pytest.raises(shared("streaming").Ended) as caught:
                call()
            raised.append(caught.type)

    assert reply(streamer.args, make)["output"] == ""
    assert len(raised) == 2


def test_what_is_registered_after_the_end_is_closed_at_once(reply: Any):
    closed: list[str] = []

    def make(written: Any) -> None:
        written.end("stopped")
        written.on_end(lambda: closed.append("closed"))

    reply({}, make)
    assert closed == ["closed"]


def test_the_source_waits_for_a_slow_reader_and_memory_stays_flat(reply: Any):
    written_chars = itertools.count()
    progress = [0]

    def make(written: Any) -> None:
        while True:
            written.write("x" * 1000)
            progress[0] = next(written_chars)

    with Streamock(receive_buffer_bytes=4096) as mock:
        runner = threading.Thread(target=reply, args=(mock.args, make))
        runner.start()
        mock.wait_frames(2)
        mock.pause()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        steady = wait_until_steady(lambda: progress[0])
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        mock.hang_up()
        runner.join(DEADLINE_S)
    # What the kernel holds, what waits and what is kept for the body, in thousands of characters.
    assert steady < 300
    assert grown < 1_000_000
    assert not runner.is_alive()


def wait_until_steady(value: Callable[[], int], quiet_s: float = 1.0) -> int:
    deadline_s = time.monotonic() + DEADLINE_S
    last, since_s = value(), time.monotonic()
    while time.monotonic() - since_s < quiet_s:
        assert time.monotonic() < deadline_s, "it never stopped"
        threading.Event().wait(0.05)
        if value() != last:
            last, since_s = value(), time.monotonic()
    return last


def test_a_reader_who_reads_no_more_does_not_keep_it_from_ending_in_time(
    reply: Any, shared: Any, time_limit: Callable[[float], None]
):
    with Streamock(receive_buffer_bytes=4096) as mock:
        time_limit(4)
        began_s = time.monotonic()

        def make(written: Any) -> None:
            mock.wait_connected()
            mock.pause()
            while True:
                written.write("x" * 1000)

        reply(mock.args, make)
        assert time.monotonic() - began_s < shared("streaming.reader").SEND_TIMEOUT_S


@pytest.mark.parametrize("paced", [True, False])
def test_a_reader_who_pauses_loses_nothing(reply: Any, paced: bool):
    texts = ["x" * 1700 + str(number) for number in range(60)]
    taken = [0]

    def source() -> Any:
        for text in texts:
            taken[0] += 1
            yield text

    def make(written: Any) -> None:
        for text in written.paced(source()) if paced else source():
            written.write(text)

    with Streamock(receive_buffer_bytes=4096) as mock:
        runner = threading.Thread(target=reply, args=(mock.args, make))
        runner.start()
        mock.wait_frames(2)
        mock.pause()
        assert wait_until_steady(lambda: taken[0]) < 60
        mock.resume()
        runner.join(DEADLINE_S)
        mock.wait_closed()
        assert mock.text() == "".join(texts)


def test_a_body_never_holds_more_than_a_result_may(reply: Any):
    def make(written: Any) -> None:
        while True:
            written.write("\x00" * 10_000)

    body = reply({}, make)
    assert len(json.dumps(body)) < 1024 * 1024
    assert body["output"].endswith("because one reply cannot hold more: ask it to go on.")


def test_reading_a_source_in_step_with_the_messages_loses_nothing(reply: Any, streamer: Streamock):
    source, sink = socket.socketpair()
    sink.settimeout(DEADLINE_S)
    batches = [f"{number} " for number in range(200)]

    def feed() -> None:
        for text in batches:
            source.sendall(text.encode())
            streamer.wait_frames(1)
        source.close()

    def received() -> Any:
        while data := sink.recv(65536):
            yield data.decode()

    def make(written: Any) -> None:
        for text in written.paced(received()):
            written.write(text)

    threading.Thread(target=feed, daemon=True).start()
    began_s = time.monotonic()
    reply(streamer.args, make)
    streamer.wait_closed()
    sink.close()
    assert streamer.text() == "".join(batches)
    assert_apart(streamer, began_s)
