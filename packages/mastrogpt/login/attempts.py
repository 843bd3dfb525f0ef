"""Limit how often somebody may try a password, without letting them lock anybody else out.

After MAX_WRONG wrong passwords, each within a minute of the one before, an address waits before its next
attempt is looked at: 1 s, then 2 s, 4 s, ... up to a minute. The same goes for a user whose password is
guessed from many addresses, but not for an address that made no mistake of its own: whoever knows the
password comes in however many others guess. A minute after the wait all is forgotten.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from mastro.log import warn
from mastro.redis_store import RedisStore, StoreError, prefixed, redis_store

MAX_WRONG = 5
WINDOW_S = 60
MAX_WAIT_S = 60
# Names and addresses are the callers' to invent; a process without Redis remembers no more than so many.
MAX_REMEMBERED = 10_000

T = TypeVar("T")


def wait_s(args: Mapping[str, Any], user: str, address: str) -> int:
    """Return in how many seconds an attempt would be looked at; 0 for now.

    Args:
        args: REDIS_URL and REDIS_PREFIX, where all processes count together; without them each counts alone.
    """

    def longest(attempts: _InRedis | _InProcess) -> int:
        if not attempts.count(f"address {address}"):
            return 0
        return max(attempts.wait_s(f"address {address}"), attempts.wait_s(f"user {user}"))

    return _with_attempts(args, longest)


def add_wrong(args: Mapping[str, Any], user: str, address: str) -> None:
    """Count an attempt that was looked at and was wrong."""

    def add(attempts: _InRedis | _InProcess) -> None:
        attempts.add(f"address {address}")
        attempts.add(f"user {user}")

    _with_attempts(args, add)


def _with_attempts(args: Mapping[str, Any], do: Callable[["_InRedis | _InProcess"], T]) -> T:
    try:
        with redis_store(args) as store:
            if store:
                return do(_InRedis(store, args))
    except StoreError as error:
        warn("wrong passwords are counted in this process only: %s", error)
    return do(_IN_PROCESS)


def _pause_s(count: int) -> int:
    return min(2 ** min(count - MAX_WRONG, 10), MAX_WAIT_S) if count >= MAX_WRONG else 0


class _InRedis:
    """The wrong passwords of late, each counted under a name of its user and one of its address."""

    def __init__(self, store: RedisStore, args: Mapping[str, Any]) -> None:
        self._store = store
        self._args = args

    def count(self, name: str) -> int:
        return int(cast("str | None", self._store.do("GET", self._key("wrong", name))) or 0)

    def wait_s(self, name: str) -> int:
        return max(0, cast("int", self._store.do("TTL", self._key("wait", name))))

    def add(self, name: str) -> None:
        count = cast("int", self._store.do("INCR", self._key("wrong", name)))
        self._store.do("EXPIRE", self._key("wrong", name), WINDOW_S + _pause_s(count))
        if pause_s := _pause_s(count):
            self._store.do("SET", self._key("wait", name), 1, "EX", pause_s)

    def _key(self, kind: str, name: str) -> str:
        hashed = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        return prefixed(self._args, f"login:{kind}:{hashed}")


class _InProcess:
    """The same, while there is no Redis."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[int, float]] = {}

    def count(self, name: str) -> int:
        count, at_s = self._records.get(name, (0, 0.0))
        return count if time.monotonic() - at_s < WINDOW_S + _pause_s(count) else 0

    def wait_s(self, name: str) -> int:
        count, at_s = self._records.get(name, (0, 0.0))
        left_s = at_s + _pause_s(count) - time.monotonic()
        return int(left_s) + 1 if left_s > 0 else 0

    def add(self, name: str) -> None:
        self._records[name] = (self.count(name) + 1, time.monotonic())
        while len(self._records) > MAX_REMEMBERED:
            self._records.pop(next(iter(self._records)))


_IN_PROCESS = _InProcess()
