"""The streamer's stand-in: what it records, when it leaves, and how it damages."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import streamock
from hypothesis import given, settings
from hypothesis import strategies as st
from streamock import Streamock, StreamockError

DEADLINE_S = 20.0


def connect(args: Mapping[str, Any]) -> socket.socket:
    """Connect as an action does."""
    connection = socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), DEADLINE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def stream(args: Mapping[str, Any], tokens: Iterable[str]) -> None:
    """Stream as the lesson does: one message for each token, as fast as they come."""
    with connect(args) as connection:
        for token in tokens:
            connection.sendall(message(token))


def message(token: str) -> bytes:
    return json.dumps({"output": token}).encode()


def numbered(count: int) -> list[str]:
    return [f"<{number:03d}>" for number in range(count)]


class TestTheLessonsThreeFunctions:
    def test_stop_gives_every_byte_that_the_action_sent(self):
        args = streamock.args()
        mock = streamock.start(args)
        stream(args, ["3...\n", "Go!\n"])
        assert streamock.stop(mock) == b'{"output": "3...\\n"}{"output": "Go!\\n"}'

    def test_args_extends_a_copy_and_gives_host_and_port_as_text(self):
        given = {"input": "hello"}
        args = streamock.args(given)
        assert args == {"input": "hello", "STREAM_HOST": "127.0.0.1", "STREAM_PORT": args["STREAM_PORT"]}
        assert args["STREAM_PORT"].isdigit()
        assert given == {"input": "hello"}
        assert streamock.args() != streamock.args()

    def test_two_mocks_at_once_keep_their_streams_apart(self):
        first, second = streamock.args(), streamock.args()
        mocks = [streamock.start(first), streamock.start(second)]
        with connect(first) as one, connect(second) as other:
            one.sendall(b"one")
            other.sendall(b"other")
        assert [streamock.stop(mock) for mock in reversed(mocks)] == [b"other", b"one"]

    def test_the_action_may_connect_before_the_mock_starts(self):
        args = streamock.args()
        stream(args, ["early"])
        assert streamock.stop(streamock.start(args)) == message("early")

    def test_an_action_that_never_connects_ends_in_an_error_that_names_what_to_check(self):
        mock = streamock.start(streamock.args())
        with pytest.raises(StreamockError, match=rf"{mock.port}.*STREAM_HOST and STREAM_PORT"):
            streamock.stop(mock, timeout_s=0.05)

    def test_an_action_that_never_closes_ends_in_an_error_that_says_so(self):
        args = streamock.args()
        mock = streamock.start(args)
        with connect(args), pytest.raises(StreamockError, match=r"still open after 0\.05 s"):
            streamock.stop(mock, timeout_s=0.05)

    def test_start_refuses_a_dict_that_it_did_not_make(self):
        with pytest.raises(StreamockError, match="the dict that args"):
            streamock.start(dict(streamock.args()))

    def test_stop_frees_the_port(self):
        args = streamock.args()
        mock = streamock.start(args)
        stream(args, ["x"])
        streamock.stop(mock)
        with pytest.raises(ConnectionRefusedError):
            connect(args)


class TestWhatIsRecorded:
    def test_frames_and_text_skip_newlines_and_spaces_between_and_inside_objects(self):
        with Streamock() as mock:
            with connect(mock.args) as connection:
                connection.sendall(b'{"output": "a{\\"}"}\n\n {"state": "s"}{"out\nput": "\xc3\n\xa8"}\n')
            mock.wait_closed()
            assert mock.frames() == [{"output": 'a{"}'}, {"state": "s"}, {"output": "è"}]
            assert mock.text() == 'a{"}è'

    def test_an_object_that_is_not_whole_yet_is_left_out(self):
        with Streamock() as mock, connect(mock.args) as connection:
            connection.sendall(message("whole") + b'{"output": "ha')
            assert mock.wait_frames(1) == [{"output": "whole"}]
            connection.sendall(b'lf"}')
            assert mock.wait_frames(2)[1] == {"output": "half"}

    @pytest.mark.parametrize(
        "sent", [b'{"output": "x"}{"outp', b'{"output": "x"}oops', b"42", b'{"output": "\xff"}']
    )
    def test_what_is_no_object_at_the_end_is_an_error(self, sent: bytes):
        with Streamock() as mock:
            with connect(mock.args) as connection:
                connection.sendall(sent)
            mock.wait_closed()
            with pytest.raises(StreamockError, match=r"which is not an object|not UTF-8"):
                mock.frames()

    def test_every_arrival_has_its_time(self):
        with Streamock() as mock:
            before = time.monotonic()
            with connect(mock.args) as connection:
                connection.sendall(message("a"))
                mock.wait_frames(1)
                between = time.monotonic()
                connection.sendall(message("b"))
                mock.wait_frames(2)
            ended = mock.wait_closed()
            first, second = mock.arrivals
            assert before <= mock.wait_connected() <= first.at_s <= between <= second.at_s <= ended
            assert (first.data, second.data) == (message("a"), message("b"))

    def test_every_object_has_the_time_at_which_it_was_whole(self):
        with Streamock() as mock:
            with connect(mock.args) as connection:
                connection.sendall(message("a") + b'{"output"')
                mock.wait_frames(1)
                between = time.monotonic()
                connection.sendall(b':"b"}' + message("c"))
            mock.wait_closed()
            first, second, third = mock.frame_times()
            assert first <= between <= second <= third

    def test_a_second_connection_is_accepted_and_nobody_reads_it(self):
        with Streamock() as mock:
            with connect(mock.args) as first, connect(mock.args) as second:
                second.sendall(b"lost")
                first.sendall(message("kept"))
            mock.wait_closed()
            assert mock.data == message("kept")

    def test_a_mock_that_was_not_started_says_so(self):
        with pytest.raises(StreamockError, match="not started"):
            Streamock().wait_connected()


class TestHowTheConnectionEnds:
    def test_the_action_closes(self):
        with Streamock() as mock:
            stream(mock.args, ["x"])
            assert mock.wait_closed() == mock.ended_s
            assert mock.ended_by == "action"

    def test_the_action_is_torn_away(self):
        with Streamock() as mock:
            connection = connect(mock.args)
            connection.sendall(message("x"))
            mock.wait_frames(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close() resets
            connection.close()
            mock.wait_closed()
            assert (mock.ended_by, mock.text()) == ("reset", "x")

    @pytest.mark.parametrize(
        ("limits", "expected"),
        [({"close_after_bytes": 20}, 2), ({"close_after_frames": 3}, 3), ({"close_after_bytes": 1}, 1)],
    )
    def test_the_reader_leaves_after_so_much(self, limits: dict[str, Any], expected: int):
        with Streamock(**limits) as mock, connect(mock.args) as connection:
            for count in range(1, expected + 1):
                connection.sendall(message("x"))
                mock.wait_frames(count)
            mock.wait_closed()
            assert mock.ended_by == "reader"
            assert connection.recv(1) == b""

    def test_a_reader_who_hangs_up_is_an_end_of_file_and_then_an_error_for_the_action(self):
        with Streamock() as mock, connect(mock.args) as connection:
            mock.wait_connected()
            mock.hang_up()
            assert connection.recv(1) == b""
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                send_until_full(connection)
            assert mock.ended_by == "reader"

    def test_leaving_before_anything_connected_does_not_wait(self):
        with Streamock() as mock:
            pass
        assert (mock.ended_by, mock.data) == (None, b"")


class TestAReaderWhoDoesNotRead:
    def test_what_is_sent_while_paused_comes_after_resume_in_one_piece(self):
        with Streamock() as mock, connect(mock.args) as connection:
            mock.wait_connected()
            mock.pause()
            for token in numbered(5):
                connection.sendall(message(token))
            assert mock.arrivals == []
            mock.resume()
            mock.wait_frames(5)
            assert [arrival.data for arrival in mock.arrivals] == [b"".join(map(message, numbered(5)))]

    def test_an_action_blocks_once_the_buffers_are_full_and_goes_on_after_resume(self):
        with Streamock(receive_buffer_bytes=4096) as mock, connect(mock.args) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            connection.settimeout(0.1)
            mock.pause()
            with pytest.raises(TimeoutError):
                send_until_full(connection)
            mock.resume()
            connection.settimeout(DEADLINE_S)
            connection.sendall(b" " * 50_000)

    def test_pausing_before_the_action_connects_still_lets_it_connect(self):
        with Streamock() as mock:
            mock.pause()
            with connect(mock.args):
                mock.wait_connected()

    def test_there_is_nothing_to_pause_once_the_action_has_closed(self):
        with Streamock() as mock:
            stream(mock.args, ["x"])
            mock.wait_closed()
            mock.pause()
            assert mock.text() == "x"

    def test_a_paused_reader_can_leave(self):
        with Streamock() as mock, connect(mock.args) as connection:
            mock.wait_connected()
            mock.pause()
            mock.hang_up()
            assert connection.recv(1) == b""


class TestRelayingAsProduction:
    def test_each_read_is_followed_by_a_newline_and_objects_merge(self):
        with Streamock(production=True) as mock:
            with connect(mock.args) as connection:
                mock.wait_connected()
                mock.pause()
                connection.sendall(message("a"))
                connection.sendall(message("b"))
                mock.resume()
                mock.wait_frames(2)
                connection.sendall(message("c"))
            mock.wait_closed()
            assert mock.data == message("a") + message("b") + b"\n" + message("c") + b"\n"
            assert mock.text() == "abc"

    def test_a_long_message_is_cut_every_2048_bytes(self):
        long = message("x" * 5000)
        with Streamock(production=True) as mock:
            mock.pause()
            with connect(mock.args) as connection:
                connection.sendall(long)
            mock.resume()
            mock.wait_closed()
            assert mock.data == b"".join(long[at : at + 2048] + b"\n" for at in range(0, len(long), 2048))
            assert mock.text() == "x" * 5000

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.text(), max_size=20), st.integers(1, 100), st.booleans())
    def test_any_text_sent_in_any_pieces_is_decoded_whole(
        self, texts: list[str], size: int, ascii_only: bool
    ):
        sent = b"".join(json.dumps({"output": text}, ensure_ascii=ascii_only).encode() for text in texts)
        with Streamock(production=True) as mock:
            with connect(mock.args) as connection:
                for at in range(0, len(sent), size):
                    connection.sendall(sent[at : at + size])
            mock.wait_closed()
            assert [frame["output"] for frame in mock.frames()] == texts

    @pytest.mark.parametrize(
        ("second", "expected"),
        [
            (b"B" * 2048, (b"B" * 2048 + b"\n") * 2),
            (b"SHORT", b"SHORT" + b"A" * 2043 + b"\n" + b"SHORT\n"),
        ],
    )
    def test_a_read_that_comes_too_soon_overwrites_what_is_not_written_yet(
        self, second: bytes, expected: bytes
    ):
        """One part is lost and its neighbour doubled, and the count of the bytes stays right."""
        with Streamock(overwrite_window_s=60) as mock:
            mock.pause()
            with connect(mock.args) as connection:
                connection.sendall(b"A" * 2048 + second)
            mock.resume()
            mock.wait_closed()
            assert mock.data == expected

    def test_messages_with_a_pause_between_them_arrive_whole(self):
        with Streamock(overwrite_window_s=0.001) as mock:
            with connect(mock.args) as connection:
                for count, token in enumerate(numbered(20), 1):
                    connection.sendall(message(token))
                    mock.wait_frames(count)
            mock.wait_closed()
            assert mock.text() == "".join(numbered(20))

    def test_the_taught_sender_loses_tokens(self):
        """The reason for all this, as measured against the streamer itself."""
        with Streamock(overwrite_window_s=60) as mock:
            stream(mock.args, numbered(500))
            mock.wait_closed()
            assert mock.data.count(b"\n") > 1
            assert b"".join(map(message, numbered(500))) != mock.data.replace(b"\n", b"")

    def test_the_reader_may_leave_while_a_write_is_late(self):
        with Streamock(overwrite_window_s=60) as mock, connect(mock.args) as connection:
            connection.sendall(message("a"))
            mock.wait_connected()
            mock.hang_up()
            assert mock.ended_by == "reader"


def test_the_fixture_lends_a_started_mock(streamer: Streamock):
    stream(streamer.args, ["x"])
    streamer.wait_closed()
    assert streamer.text() == "x"


def test_a_closed_mock_frees_its_port():
    with Streamock() as mock:
        pass
    with pytest.raises(ConnectionRefusedError):
        connect(mock.args)


def test_close_leaves_no_thread_behind():
    with Streamock() as mock:
        mock.pause()
        [own] = [thread for thread in threading.enumerate() if str(mock.port) in thread.name]
    assert not own.is_alive()


def send_until_full(connection: socket.socket) -> None:
    """Send until the kernel takes no more, which raises, or until far more is sent than it could hold."""
    for _ in range(1000):
        connection.sendall(b" " * 65536)
