"""Stand in for the streamer's TCP side, so that a streaming action is tested without a cluster.

As the lesson uses it, one action and one mock::

    args = streamock.args({"input": "3"})
    mock = streamock.start(args)
    countdown.main(args)
    assert streamock.stop(mock).startswith(b'{"output": "3...')

`Streamock` under it records what came and when, leaves early, stops reading, and relays as the streamer
of a cluster does. Two mocks share nothing, so any number work at once. One file on purpose:
other projects take it along by copying it.

Source: openserverless-streamer, src/tcp/tcpserver.go and src/handlers/web_action_handler.go.
"""

from __future__ import annotations

import codecs
import json
import select
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, NoReturn, Self

import pytest

HOST = "127.0.0.1"
# Long, because only what never happens takes it: a busy machine must not fail a test.
TIMEOUT_S = 20.0
READ_BYTES = 65536
PRODUCTION_READ_BYTES = 2048  # the streamer's buffer

Ending = Literal["action", "reset", "reader"]


class StreamockError(Exception):
    """The action did not do, or did not send in time, what the test waits for."""


class Arrival(NamedTuple):
    """One piece as the reader of the answer gets it; `at_s` is on the clock of `time.monotonic`."""

    at_s: float
    data: bytes


def args(extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return fresh arguments for an action: `extra` plus STREAM_HOST and STREAM_PORT (both strings).

    The port is the system's choice and listens from now on, so nobody else can take it.
    """
    mock = Streamock()
    return _Arguments({**(extra or {}), **mock.args}, mock)


def start(args: dict[str, Any]) -> Streamock:
    """Begin to receive what an action that is called with `args` streams.

    Raises:
        StreamockError: `args` is not the dict that `args()` gave.
    """
    if not isinstance(args, _Arguments):
        raise StreamockError("start() needs the dict that args() gave; add to that one, or use args({...})")
    return args.mock.start()


def stop(mock: Streamock, timeout_s: float = TIMEOUT_S) -> bytes:
    """Wait until the action has closed its connection, and return all the bytes that it sent.

    Raises:
        StreamockError: it never connected, or did not close, within `timeout_s`.
    """
    try:
        mock.wait_closed(timeout_s)
    finally:
        mock.close()
    return mock.data


@pytest.fixture
def streamer() -> Iterator[Streamock]:
    """Lend one started mock; conftest.py imports this, and tests name it."""
    with Streamock() as mock:
        yield mock


class Streamock:
    """A streamer's TCP side with one reader behind it; a context manager.

    As in the cluster only the first connection counts: a second one is accepted by the kernel, its sends
    succeed, and nobody reads them.

    Args:
        production: relay reads of at most 2048 bytes, each followed by a newline.
        overwrite_window_s: how late the streamer writes what it has read. A read within that time lands in
            the same buffer first: a token is lost and its neighbour doubled. Implies `production`.
        close_after_bytes: leave as soon as so many bytes came (the newlines of `production` count).
        close_after_frames: leave as soon as so many whole JSON objects came.
        receive_buffer_bytes: how much the kernel keeps of what is not read; small, an action that writes to
            a paused mock soon blocks.

    Attributes:
        arrivals: every piece with its time, in order.
        connected_s, ended_s: when the action connected, and when that connection ended (`time.monotonic`).
        ended_by: "action" (it closed), "reset" (it was torn), "reader" (this mock left first).
    """

    def __init__(
        self,
        *,
        production: bool = False,
        overwrite_window_s: float = 0.0,
        close_after_bytes: int | None = None,
        close_after_frames: int | None = None,
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.connected_s: float | None = None
        self.ended_s: float | None = None
        self.ended_by: Ending | None = None
        self._production = production
        self._overwrite_window_s = overwrite_window_s
        self._close_after_bytes = close_after_bytes
        self._close_after_frames = close_after_frames
        self._listener = _listener(receive_buffer_bytes)
        weakref.finalize(self, self._listener.close)  # for arguments that no action was ever started with
        self.port: int = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self._leaving = False
        self._paused = False
        self._over = False
        self._resting = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def args(self) -> dict[str, str]:
        """A fresh dict with what the streamer adds to the arguments of an action."""
        return {"STREAM_HOST": HOST, "STREAM_PORT": str(self.port)}

    @property
    def data(self) -> bytes:
        """All bytes that the reader has got so far."""
        return b"".join(arrival.data for arrival in list(self.arrivals))

    def frames(self) -> list[dict[str, Any]]:
        """Decode the JSON objects that came so far; raw newlines are skipped, as every reader must.

        Raises:
            StreamockError: something that is not an object came, or the action ended inside one.
        """
        frames, rest = _decode(self.data)
        if rest and (self.ended_by == "action" or not rest.startswith("{")):
            raise StreamockError(
                f"after {len(frames)} whole objects came {rest[:80]!r}, which is not an object"
            )
        return frames

    def frame_times(self) -> list[float]:
        """Return for each JSON object when the whole of it had come; later than it was sent, never sooner."""
        times: list[float] = []
        received = b""
        for arrival in list(self.arrivals):
            received += arrival.data
            times += [arrival.at_s] * (len(_decode(received)[0]) - len(times))
        return times

    def text(self) -> str:
        """Join the `output` of every object that came so far.

        Raises:
            StreamockError: an `output` is not a text; and as `frames`.
        """
        outputs = [frame.get("output", "") for frame in self.frames()]
        for output in outputs:
            if not isinstance(output, str):
                raise StreamockError(f"the output {str(output)[:80]} is not a text; stream str(...) of it")
        return "".join(outputs)

    def wait_connected(self, timeout_s: float = TIMEOUT_S) -> float:
        """Wait until the action has connected, and return when it did."""
        problem = (
            f"nothing connected to {HOST}:{self.port} within {timeout_s:g} s: check that the action gets "
            "STREAM_HOST and STREAM_PORT in its arguments and connects before it returns"
        )
        self._wait(lambda: self.connected_s is not None, timeout_s, problem)
        assert self.connected_s is not None
        return self.connected_s

    def wait_frames(self, count: int, timeout_s: float = TIMEOUT_S) -> list[dict[str, Any]]:
        """Wait until `count` whole JSON objects came, and return all that did."""
        problem = f"{count} objects did not come within {timeout_s:g} s"
        self._wait(lambda: len(self.frames()) >= count, timeout_s, problem)
        return self.frames()

    def wait_closed(self, timeout_s: float = TIMEOUT_S) -> float:
        """Wait until the action's connection has ended, and return when it did."""
        deadline = time.monotonic() + timeout_s
        self.wait_connected(timeout_s)
        problem = f"the action's connection is still open after {timeout_s:g} s: check that it closes it"
        self._wait(lambda: self.ended_s is not None, deadline - time.monotonic(), problem)
        assert self.ended_s is not None
        return self.ended_s

    def pause(self) -> None:
        """Read nothing more until `resume`; what the action sends meanwhile merges in the kernel."""
        self._resting.clear()
        self._paused = True
        self._nudge()
        if not self._over and not self._resting.wait(TIMEOUT_S):
            raise StreamockError("the mock does not come to rest: check that it was started")

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        self._nudge()

    def hang_up(self) -> None:
        """Leave as a reader who closes the page: the action's connection is closed under it."""
        self._leaving = True
        self._nudge()
        if self._thread is not None:
            self._thread.join(TIMEOUT_S)
            if self._thread.is_alive():
                raise StreamockError(f"the mock is still busy {TIMEOUT_S:g} s after it was told to leave")

    def start(self) -> Self:
        """Begin to receive."""
        self._nudged, self._nudger = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name=f"streamock {self.port}", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Leave, and free the port. What was recorded stays."""
        self.hang_up()
        self._listener.close()
        if self._thread is not None:
            self._nudged.close()
            self._nudger.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, happened: Callable[[], bool], timeout_s: float, problem: str) -> None:
        if self._thread is None:
            raise StreamockError("the mock was not started")
        with self._changed:
            if not self._changed.wait_for(happened, timeout_s):
                raise StreamockError(problem)

    def _nudge(self) -> None:
        if self._thread is not None:
            self._nudger.send(b"!")

    def _serve(self) -> None:
        if self._readable(self._listener):
            connection, _ = self._listener.accept()
            with self._changed:
                self.connected_s = time.monotonic()
                self._changed.notify_all()
            with connection:
                ended_by = self._relay(connection)
            with self._changed:
                self.ended_by, self.ended_s = ended_by, time.monotonic()
                self._changed.notify_all()
        self._over = True  # first: whoever clears the other afterwards sees this one
        self._resting.set()

    def _relay(self, connection: socket.socket) -> Ending:
        try:
            if self._overwrite_window_s:
                return self._relay_overwriting(connection)
            size, tail = (PRODUCTION_READ_BYTES, b"\n") if self._production else (READ_BYTES, b"")
            while self._readable(connection):
                data = connection.recv(size)
                if not data:
                    return "action"
                self._record(data + tail)
        except ConnectionResetError:
            return "reset"
        return "reader"

    def _relay_overwriting(self, connection: socket.socket) -> Ending:
        """Relay through one buffer for reading and writing, as the streamer's two sides share theirs."""
        buffer = bytearray(PRODUCTION_READ_BYTES)
        unwritten = 0
        while True:
            began_s = time.monotonic()
            came = self._readable(connection, self._overwrite_window_s if unwritten else None)
            if unwritten and time.monotonic() - began_s >= self._overwrite_window_s:
                # Also when this thread was kept from running, which is nothing to blame an action for.
                self._record(bytes(buffer[:unwritten]) + b"\n")
                unwritten = 0
            read = connection.recv_into(buffer) if came else 0
            if unwritten:
                self._record(bytes(buffer[:unwritten]) + b"\n")
            if self._leaving or (came and not read):
                return "reader" if self._leaving else "action"
            unwritten = read

    def _readable(self, source: socket.socket, timeout_s: float | None = None) -> bool:
        """Wait until `source` can be read and may be; False when the time is over or the reader leaves."""
        while not self._leaving:
            if self._paused:
                self._resting.set()
            unread = self._paused and source is not self._listener
            watched = [self._nudged] if unread else [self._nudged, source]
            ready, _, _ = select.select(watched, [], [], timeout_s)
            if self._nudged not in ready:
                return source in ready
            self._nudged.recv(READ_BYTES)
        return False

    def _record(self, data: bytes) -> None:
        with self._changed:
            self.arrivals.append(Arrival(time.monotonic(), data))
            self._changed.notify_all()
        if self._close_after_bytes is not None and len(self.data) >= self._close_after_bytes:
            self._leaving = True
        if self._close_after_frames is not None and len(self.frames()) >= self._close_after_frames:
            self._leaving = True


class _Arguments(dict[str, Any]):
    """Arguments that know the mock which listens for them."""

    def __init__(self, values: Mapping[str, Any], mock: Streamock) -> None:
        super().__init__(values)
        self.mock = mock


def _listener(receive_buffer_bytes: int | None) -> socket.socket:
    listener = socket.socket()
    if receive_buffer_bytes is not None:  # before listen(): a connection takes it over from its listener
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    listener.bind((HOST, 0))
    listener.listen()
    return listener


class _NotJSONError(ValueError):
    """A constant that Python reads and JSON does not have: no page could read it."""


def _no_constant(name: str) -> NoReturn:
    raise _NotJSONError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _decode(data: bytes) -> tuple[list[dict[str, Any]], str]:
    """Decode whole JSON objects, and return what is left behind the last one."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data.replace(b"\n", b""))
    except UnicodeDecodeError as error:
        raise StreamockError(f"the action sent bytes that are not UTF-8: {error}") from error
    frames: list[dict[str, Any]] = []
    at = _past_space(text, 0)
    while text.startswith("{", at):
        try:
            frame, end = _DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, _NotJSONError):
            break
        except (RecursionError, ValueError) as error:
            raise StreamockError(f"an object after {len(frames)} others cannot be read: {error}") from error
        frames.append(frame)
        at = _past_space(text, end)
    return frames, text[at:]


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
