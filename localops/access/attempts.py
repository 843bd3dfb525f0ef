"""Limit how often somebody may try a password, without letting them lock anybody else out.

After MAX_WRONG wrong passwords within a minute, an address waits before its next attempt is looked at:
1 s, then 2 s, 4 s, ... up to a minute. The same goes for a user whose password is guessed from many
addresses, but not for an address that made no mistake of its own: its first attempt is always looked at, so
whoever knows the password comes in however many others guess. What is refused while it waits is not counted.
A minute after the wait all is forgotten.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_WRONG = 5
_WINDOW_S = 60.0
MAX_WAIT_S = 60.0
# Names and addresses are the callers' to invent; beyond so many the oldest are forgotten.
MAX_REMEMBERED = 10_000
_MAX_NAME = 256
# Whoever has one address of IPv6 has all of such a network.
_IPV6_NETWORK = 64


@dataclass
class _Record:
    """The wrong attempts of one address, or at one user."""

    recent: deque[float] = field(default_factory=lambda: deque[float](maxlen=MAX_WRONG))
    wait_s: float = 0.0

    def left_s(self, now: float) -> float:
        """Return how long the next attempt has to wait."""
        return max(0.0, self.recent[-1] + self.wait_s - now)

    def is_over(self, now: float) -> bool:
        return now - self.recent[-1] > self.wait_s + _WINDOW_S

    def add(self, now: float) -> None:
        self.recent.append(now)
        if self.wait_s:
            self.wait_s = min(2 * self.wait_s, MAX_WAIT_S)
        elif len(self.recent) == MAX_WRONG and now - self.recent[0] <= _WINDOW_S:
            self.wait_s = 1.0


class Attempts:
    """The wrong passwords of late. To be used from one thread.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._records: OrderedDict[tuple[str, str], _Record] = OrderedDict()

    def wait_s(self, user: str, address: str) -> int:
        """Return in how many whole seconds an attempt would be looked at; 0 for now."""
        own = self._record("address", _network(address))
        if own is None:
            return 0
        records = [own, self._record("user", user[:_MAX_NAME])]
        return math.ceil(max(each.left_s(self._now()) for each in records if each))

    def note_wrong(self, user: str, address: str) -> None:
        """Count an attempt that was looked at and was wrong."""
        for key in (("user", user[:_MAX_NAME]), ("address", _network(address))):
            record = self._record(*key) or _Record()
            record.add(self._now())
            self._records[key] = record
            self._records.move_to_end(key)
        while len(self._records) > MAX_REMEMBERED:
            self._records.popitem(last=False)

    def _record(self, kind: str, name: str) -> _Record | None:
        record = self._records.get((kind, name))
        if record is not None and record.is_over(self._now()):
            del self._records[kind, name]
            return None
        return record


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))


def refusal_text(wait_s: int) -> str:
    """Return the sentence for somebody whose attempt was not looked at."""
    seconds = "1 second" if wait_s == 1 else f"{wait_s} seconds"
    return f"There were too many wrong passwords: wait {seconds} and try again."
