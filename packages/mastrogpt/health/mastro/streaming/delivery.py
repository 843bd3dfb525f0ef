"""The loop that sends a reply while it is being made, and what ends it."""

import math
import selectors
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import TypeVar

from .outbox import Outbox
from .reader import Reader
from .time_limit import time_limits

# What may wait for its turn before the source has to wait too: half a second at the full rate.
MAX_WAITING_CHARS = 16_000
# For whoever makes the reply, to tidy up after an end that came from outside.
LINGER_S = 0.05

BROKEN = "Something went wrong inside this action: its log says what."
LATE = "No answer came in the time this action has. The model may be loading or busy: try again."
CUT = "The answer is cut here, because the time this action has is over: ask it to go on."
TOO_LONG = "The answer is cut here, because one reply cannot hold more: ask it to go on."

T = TypeVar("T")


class Ended(Exception):
    """The reply is over; whoever still makes it should leave."""


class Delivery:
    """One reply on its way to the reader.

    Two threads meet here, under one lock: one makes the reply and adds to the outbox, and sends at once what
    may go at once; the other, which called `run`, sends the rest when it is due and watches reader and time.

    Attributes:
        ended: why the reply ended before it was whole: `left`, `stopped` or `cut`; "" while it goes on.
    """

    def __init__(self, outbox: Outbox, reader: Reader | None) -> None:
        self.ended = ""
        self._outbox = outbox
        self._reader = reader
        self._lock = threading.Condition()
        self._closers: list[Callable[[], object]] = []
        self._made = self._left = self._asleep = self._paced = False
        self._cut_at, self._leave_at = time_limits()
        self._bell, self._ear = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    # What the thread that makes the reply calls.

    def write(self, text: str, member: str) -> None:
        """Add text of the model; wait while the reader is too far behind.

        Raises:
            Ended: nobody waits for more.
        """
        with self._lock:
            while self._outbox.waiting_chars > MAX_WAITING_CHARS and not self.ended:
                self._lock.wait()
            self._refuse_when_ended()
            self._outbox.add(text, member)
            self._send_new()
        if self._reader is None and self._outbox.is_full:
            self._end("cut", TOO_LONG)

    def say(self, sentence: str) -> None:
        """Add a sentence of the action, as a paragraph of its own.

        Raises:
            Ended: nobody waits for more.
        """
        with self._lock:
            self._refuse_when_ended()
            self._outbox.say(sentence)
            self._send_new()

    def paced(self, source: Iterable[T]) -> Generator[T]:
        """Yield from a source that keeps what nobody takes, such as a socket, only when a message may go.

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

    # What the thread that delivers it calls.

    def run(self, make: Callable[[], object]) -> None:
        """Run `make` in a thread of its own and send what it adds, until all is sent or the reply ends."""
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

    def _make(self, make: Callable[[], object]) -> None:
        broken = True
        try:
            with suppress(Ended):
                make()
            broken = False
        finally:
            # An error of the action's own goes on to the log, and the reader hears of it.
            with self._lock:
                if broken and not self.ended:
                    self.say(BROKEN)
                self._made = True
                self._outbox.close()
                self._ring()

    def _end(self, why: str, sentence: str = "") -> None:
        with self._lock:
            self._ring()
            if self.ended:
                return
            if sentence:
                self.say(sentence)
            self.ended = why
            self._outbox.close()
            self._lock.notify_all()
        for close in self._closers:
            close()

    def _is_over(self) -> bool:
        with self._lock:
            is_sent = self._reader is None or not (self._reader.unsent or self._outbox.has_message)
            return self._left or (is_sent and (self._made or bool(self.ended)))

    def _watch(self) -> None:
        """Sleep until there is something to do, and do it."""
        with self._lock:
            until = self._next_event()
            self._asleep = until == math.inf
            until = min(until, self._leave_at if self._made or self.ended else self._cut_at)
        self._look(until)
        now = time.monotonic()
        if now >= self._cut_at and not self._made:
            self._end("cut", CUT if self._outbox.kept() else LATE)
        if now >= self._leave_at or self._is_stuck(now):
            self.end("left")
        with self._lock:
            self._send_due()
            self._lock.notify_all()

    def _next_event(self) -> float:
        if self._reader is None:
            return math.inf
        if self._reader.unsent:
            return self._reader.give_up_at
        waits = (self._outbox.has_text and not self._paced) or self._made or self.ended
        return self._reader.due_at if waits else math.inf

    def _is_stuck(self, now: float) -> bool:
        return self._reader is not None and bool(self._reader.unsent) and now >= self._reader.give_up_at

    def _look(self, until: float) -> None:
        timeout_s = None if until == math.inf else max(0.0, until - time.monotonic())
        if self._reader is not None:
            write = selectors.EVENT_WRITE if self._reader.unsent else 0
            self._selector.modify(self._reader, selectors.EVENT_READ | write)
        for key, events in self._selector.select(timeout_s):
            if key.fileobj is self._ear:
                self._ear.recv(64)
            elif events & selectors.EVENT_READ and self._reader is not None and self._reader.has_left():
                self.end("left")

    # What is called with the lock held.

    def _refuse_when_ended(self) -> None:
        if self.ended:
            raise Ended

    def _send_new(self) -> None:
        self._send_due()
        if self._outbox.has_text and not self._paced:
            self._wake()

    def _send_due(self) -> None:
        """Send the next message if it is time, as far as the socket takes it without waiting."""
        if self._reader is None:
            return
        try:
            if self._reader.unsent:
                self._reader.send_more()
            elif time.monotonic() >= self._reader.due_at and (message := self._outbox.take()):
                self._reader.send(message)
        except OSError:
            self.end("left")
        if self._reader.unsent:
            self._wake()

    def _rest(self) -> None:
        """Wait, when paced, until the next message may go."""
        reader = self._reader
        if reader is None:
            return
        with self._lock:
            while self._paced and not self.ended:
                left_s = reader.due_at - time.monotonic()
                if not (self._outbox.has_text or reader.unsent or left_s > 0):
                    return
                self._lock.wait(max(0.0, left_s) if not reader.unsent else None)
                self._send_due()

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            self._ring()

    def _ring(self) -> None:
        if self._bell.fileno() >= 0:
            self._bell.send(b"!")
