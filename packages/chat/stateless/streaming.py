"""Send a reply to its reader while it is being made, and end it when the reader leaves or time is up.

Shared by copy: edit packages/chat/stateless/streaming.py only, then run `python3 -m localops sync`.
One file of this size rather than two, because an action of a single file holds a copy of it.

Wire: one TCP connection per activation, made before anything else, with one JSON object per message, in
ASCII. OpenServerless's streamer passes on each read of at most 2048 bytes from a buffer that it overwrites
with the next one, so messages that are larger, or closer to each other than it can write, are damaged.
Source: openserverless-streamer, src/tcp/tcpserver.go, and measurements of it under load.
"""

import json
import math
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

# 2 ms between messages is enough for an idle streamer, 20 ms is not for a busy one; 50 ms always was.
GAP_S = 0.05
# Under the 2048 bytes of one read, with a margin.
MAX_MESSAGE_BYTES = 1900
# What may wait for its turn before the source has to wait too: half a second at the full rate.
MAX_WAITING_CHARS = 16_000
# An activation's result may hold 1 MiB, and a character takes up to 6 bytes of it.
MAX_KEPT_CHARS = 150_000
CONNECT_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 10.0
# Small, so that a reader who reads no more is noticed after kilobytes, not megabytes.
SEND_BUFFER_BYTES = 16_384
# For whoever makes the reply, to tidy up after an end that came from outside.
LINGER_S = 0.05
# Kept back from the activation's time limit, to send what waits and to return.
CLOSING_TIME_S = 2.0

UNREACHABLE = "The streamer at STREAM_HOST and STREAM_PORT cannot be reached: open the chat again."
BROKEN = "Something went wrong inside this action: its log says what."
LATE = "No answer came in the time this action has: the model may be loading or busy, try again."
CUT = "The answer is cut here, because the time this action has is over: ask it to go on."
TOO_LONG = "The answer is cut here, because one reply cannot hold more: ask it to go on."


T = TypeVar("T")


class Ended(Exception):
    """The reply is over; whoever still makes it should leave."""


def reply(args: Mapping[str, Any], make: Callable[["Reply"], object]) -> dict[str, Any]:
    """Let `make` write a reply, and send it to STREAM_HOST and STREAM_PORT if they are given.

    `make` runs in a thread of its own, so that neither a silent model nor a sleeping generator keeps this
    one from sending, or from leaving when the reader does. Whatever happens there, this returns.

    Returns:
        The answer's body: `output`, `streaming`, and where there are some `thinking` and the members that
        `make` added.
    """
    try:
        reader = _connect(args)
    except (OSError, ValueError, TypeError, OverflowError):
        return {"output": UNREACHABLE, "streaming": True}
    written = Reply(reader)
    written.deliver(make)
    return written.body()


class Reply:
    """The text of one reply on its way to the reader, and what ends it.

    Attributes:
        first_members: go with the first output, or alone at the end if there is none; the body has them too.
        members: further members of the body.
        last_members: sent last, in a message without output: only for a client that asked for them.
        ended: why the reply ended before it was whole: `left`, `stopped` or `cut`; "" while it goes on.
    """

    def __init__(self, reader: socket.socket | None) -> None:
        self.first_members: dict[str, Any] = {}
        self.members: dict[str, Any] = {}
        self.last_members: dict[str, Any] = {}
        self.ended = ""
        self._reader = reader
        self._lock = threading.Condition()
        self._waiting: deque[tuple[str, str]] = deque()
        self._waiting_chars = 0
        self._unsent = b""
        self._due = self._give_up_at = 0.0
        self._first_sent = self._last_sent = False
        self._kept: dict[str, list[str]] = {}
        self._kept_chars = 0
        self._closers: list[Callable[[], object]] = []
        self._made = self._left = self._asleep = self._paced = False
        self._cut_at, self._leave_at = _time_limits()
        self._bell, self._ear = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    # What the thread that makes the reply calls.

    def write(self, text: str, member: str = "output") -> None:
        """Add text of the model's; waits while the reader is too far behind.

        Raises:
            Ended: nobody waits for more.
        """
        text = _clean(text)
        with self._lock:
            while self._waiting_chars > MAX_WAITING_CHARS and not self.ended:
                self._lock.wait()
            self._add(text, member, max(0, MAX_KEPT_CHARS - self._kept_chars))
        if self._reader is None and self._kept_chars >= MAX_KEPT_CHARS:
            self._end("cut", TOO_LONG)

    def say(self, sentence: str) -> None:
        """Add a sentence of the action's own, in a paragraph of its own.

        Raises:
            Ended: nobody waits for more.
        """
        with self._lock:
            text = _clean(f"\n\n{sentence}" if self._kept.get("output") else sentence)
            self._add(text, "output", len(text))

    def paced(self, source: Iterable[T]) -> Generator[T]:
        """Yield from a source that keeps what nobody takes, such as a socket, only when a message may go out.

        To read a model's answer once in a gap costs a fraction of reading it at each token.
        """
        self._paced = self._reader is not None
        try:
            for item in source:
                yield item
                self._rest()
        finally:
            with self._lock:
                self._paced = False
                self._ring()

    def _rest(self) -> None:
        with self._lock:
            while (
                self._paced
                and not self.ended
                and (self._waiting or self._unsent or self._due > time.monotonic())
            ):
                self._lock.wait(max(0.0, self._due - time.monotonic()) if not self._unsent else None)
                self._send_due()

    # What any thread may call.

    def on_end(self, close: Callable[[], object]) -> None:
        """Have `close` called when the reply ends before it is whole; at once if it has."""
        with self._lock:
            if not self.ended:
                self._closers.append(close)
                return
        close()

    def end(self, why: str) -> None:
        """End the reply where it is; what still waits is not sent."""
        with self._lock:
            self._left = True
        self._end(why)

    def _end(self, why: str, sentence: str = "") -> None:
        with self._lock:
            self._ring()
            if self.ended:
                return
            if sentence:
                self.say(sentence)
            self.ended = why
            self._lock.notify_all()
        for close in self._closers:
            close()

    # What the thread that delivers it calls.

    def deliver(self, make: Callable[["Reply"], object]) -> None:
        """Run `make` and send what it writes, until all is sent or the reply has ended."""
        self._selector.register(self._ear, selectors.EVENT_READ)
        if self._reader is not None:
            self._selector.register(self._reader, selectors.EVENT_READ)
        maker = threading.Thread(target=self._make, args=(make,), daemon=True)
        maker.start()
        try:
            while not self._is_over():
                self._watch()
            maker.join(LINGER_S)
        finally:
            with self._lock:
                self._bell.close()
            self._ear.close()
            self._selector.close()
            if self._reader is not None:
                self._reader.close()

    def body(self) -> dict[str, Any]:
        """Give the answer's body, with the same text as was sent, as far as a result may hold it."""
        texts = {member: "".join(texts) for member, texts in self._kept.items()}
        return {"output": "", **texts, "streaming": True, **self.first_members, **self.members}

    def _make(self, make: Callable[["Reply"], object]) -> None:
        broken = True
        try:
            with suppress(Ended):
                make(self)
            broken = False
        finally:
            # An error of the action's own goes on to the log, and the reader hears of it.
            with self._lock:
                if broken and not self.ended:
                    self.say(BROKEN)
                self._made = True
                self._ring()

    def _is_over(self) -> bool:
        with self._lock:
            is_sent = not (self._unsent or self._waiting or self._last())
            return self._left or (is_sent and (self._made or bool(self.ended)))

    def _watch(self) -> None:
        """Sleep until there is something to do, and do it."""
        with self._lock:
            until = math.inf
            if self._unsent:
                until = self._give_up_at
            elif (self._waiting and not self._paced) or self._made or self.ended:
                until = self._due
            self._asleep = until == math.inf
            until = min(until, self._leave_at if self._made or self.ended else self._cut_at)
        self._look(until)
        now = time.monotonic()
        if now >= self._cut_at and not self._made:
            self._end("cut", CUT if self._kept else LATE)
        if now >= self._leave_at or (self._unsent and now >= self._give_up_at):
            self.end("left")
        with self._lock:
            self._send_due()
            self._lock.notify_all()

    def _look(self, until: float) -> None:
        timeout_s = None if until == math.inf else max(0.0, until - time.monotonic())
        if self._reader is not None:
            write = selectors.EVENT_WRITE if self._unsent else 0
            self._selector.modify(self._reader, selectors.EVENT_READ | write)
        for key, events in self._selector.select(timeout_s):
            if key.fileobj is self._ear:
                self._ear.recv(64)
            elif events & selectors.EVENT_READ and self._reader is not None and _has_left(self._reader):
                self.end("left")

    # What is called with the lock held.

    def _add(self, text: str, member: str, kept_chars: int) -> None:
        if self.ended:
            raise Ended
        if kept := text[:kept_chars]:
            self._kept.setdefault(member, []).append(kept)
            self._kept_chars += len(kept)
        if self._reader is None:
            return
        for start in range(0, len(text), MAX_MESSAGE_BYTES):
            self._waiting.append((member, text[start : start + MAX_MESSAGE_BYTES]))
        self._waiting_chars += len(text)
        self._send_due()
        if self._waiting and not self._paced:
            self._wake()

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            self._ring()

    def _ring(self) -> None:
        if self._bell.fileno() >= 0:
            self._bell.send(b"!")

    def _send_due(self) -> None:
        """Send the next message if it is time, as far as the socket takes it without waiting."""
        now = time.monotonic()
        if not self._unsent and now >= self._due:
            self._unsent = self._next_message()
            self._give_up_at = now + SEND_TIMEOUT_S
        if not self._unsent or self._reader is None:
            return
        try:
            self._unsent = self._unsent[self._reader.send(self._unsent) :]
            self._due = time.monotonic() + GAP_S
        except BlockingIOError:
            pass  # as with a part of it: the delivering thread waits until there is room
        except OSError:
            self.end("left")
        if self._unsent:
            self._wake()

    def _next_message(self) -> bytes:
        if not self._waiting:
            last = self._last() if self._made or self.ended else {}
            self._last_sent = bool(last)
            return json.dumps(last).encode("ascii") if last else b""
        member, texts, size = self._waiting[0][0], list[str](), 0
        while self._waiting and self._waiting[0][0] == member and size < MAX_MESSAGE_BYTES:
            texts.append(self._waiting.popleft()[1])
            size += len(texts[-1])
        is_first = member == "output" and not self._first_sent
        message, rest = _fit(member, "".join(texts), self.first_members if is_first else {})
        self._first_sent = self._first_sent or is_first
        if rest:
            self._waiting.appendleft((member, rest))
        self._waiting_chars += len(rest) - size
        return message

    def _last(self) -> dict[str, Any]:
        if self._reader is None or self._last_sent:
            return {}
        return self.last_members | ({} if self._first_sent else self.first_members)


def _connect(args: Mapping[str, Any]) -> socket.socket | None:
    if not args.get("STREAM_HOST"):
        return None
    address = (str(args["STREAM_HOST"]), int(args.get("STREAM_PORT") or 0))
    reader = socket.create_connection(address, CONNECT_TIMEOUT_S)
    reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    reader.setblocking(False)
    return reader


def _has_left(reader: socket.socket) -> bool:
    """Tell whether the reader hung up; what it says otherwise is not for us."""
    try:
        return not reader.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _fit(member: str, text: str, others: Mapping[str, Any]) -> tuple[bytes, str]:
    """Encode as much of the text as one message holds; give the message and the rest."""
    room = MAX_MESSAGE_BYTES - len(json.dumps({member: "", **others}))
    taken = min(len(text), room)
    while len(encoded := json.dumps(text[:taken])) > room and taken > 1:
        taken = max(1, min(taken - 1, taken * room // len(encoded)))
    message = json.dumps({member: text[:taken], **others})
    return message.encode("ascii"), text[taken:]


def _clean(text: str) -> str:
    """Replace what is no character (half a surrogate pair), which neither UTF-8 nor a client takes."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _time_limits() -> tuple[float, float]:
    """Give when to cut the reply and when to leave, on the monotonic clock, before the runtime kills us."""
    deadline_ms = os.environ.get("__OW_DEADLINE", "")
    if not deadline_ms.isdigit():
        return math.inf, math.inf
    left_s = int(deadline_ms) / 1000 - time.time()
    closing_s = min(CLOSING_TIME_S, max(0.0, left_s) / 2)
    end = time.monotonic() + left_s
    return end - closing_s, end - closing_s / 4
