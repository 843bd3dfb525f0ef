"""Let the person who started a request stop it from another connection, by a key in Redis.

The streamer of a cluster often keeps the action's connection open after the reader has left, so that alone
does not tell. The request's id is made by the client and known to nobody else.
"""

import hashlib
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from ..log import warn
from ..redis_store import RedisStore, StoreError, prefixed, redis_store

# Often enough for a stop within 300 ms.
POLL_S = 0.1
RETRY_S = 1.0
# Longer than any activation lives.
EXPIRY_S = 600

STOPPED = "The answer is being stopped."
NOT_STOPPED = "Nothing was stopped, because that needs a Redis: close the connection of the answer instead."


def press(args: Mapping[str, Any], user: str) -> str:
    """Ask for the end of the request that `stop` names; return the sentence for the person.

    Args:
        args: `stop`, the request's id; REDIS_URL and REDIS_PREFIX.
        user: who asks; only their own requests can be meant.
    """
    try:
        with redis_store(args) as store:
            if store:
                store.do("SET", _key(args, user, str(args["stop"])), 1, "EX", EXPIRY_S)
                return STOPPED
    except StoreError as error:
        warn("a request cannot be stopped: %s", error)
    return NOT_STOPPED


@contextmanager
def watched(args: Mapping[str, Any], user: str, end: Callable[[str], object]) -> Generator[None]:
    """Call `end("stopped")` when the stop key of the request is set while the block runs.

    Args:
        args: `request`, the id that the client made; REDIS_URL and REDIS_PREFIX. Without an id or Redis
            nothing is watched.
        user: who started the request.
        end: called from a thread of its own.
    """
    request = args.get("request")
    over = threading.Event()
    if isinstance(request, str) and request:
        key = _key(args, user, request)
        threading.Thread(target=_watch, args=(args, key, over, end), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(args: Mapping[str, Any], key: str, over: threading.Event, end: Callable[[str], object]) -> None:
    has_told = False
    while not over.is_set():
        try:
            with redis_store(args) as store:
                _poll(store, key, over, end)
            return
        except StoreError as error:
            if not has_told:
                warn("only the end of its connection can stop this request: %s", error)
            has_told = True
            over.wait(RETRY_S)


def _poll(store: RedisStore | None, key: str, over: threading.Event, end: Callable[[str], object]) -> None:
    while store and not over.is_set():
        if store.do("DEL", key):
            end("stopped")
            return
        over.wait(POLL_S)


def _key(args: Mapping[str, Any], user: str, request: str) -> str:
    name = hashlib.sha256(f"{user}\0{request}".encode(errors="replace")).hexdigest()
    return prefixed(args, f"stop:{name}")
