"""Reach the Redis that the login gave.

Shared by copy: edit packages/chat/stateless/redis_store.py only, then run `python3 -m localops sync`.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ollama_host import setting

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_S = 1.0


class StoreError(Exception):
    """Redis cannot be used. The text says no more than why, because a REDIS_URL may hold a password."""


@contextmanager
def redis_store(args: Mapping[str, Any]) -> Generator["Redis | None"]:
    """Give a client of the Redis at REDIS_URL; None where it is not set.

    Raises:
        StoreError: the URL is unusable, or a command in the block failed.
    """
    url = setting(args, "REDIS_URL")
    if not url:
        yield None
        return
    # Late, because most activations do not need it and it loads as slowly as all the rest together.
    import redis

    try:
        store = redis.Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, decode_responses=True
        )
        with store:
            yield store
    except redis.RedisError as error:
        raise StoreError(f"Redis does not answer ({type(error).__name__})") from error
    except ValueError as error:
        raise StoreError("REDIS_URL is not the URL of a Redis") from error


def prefixed(args: Mapping[str, Any], key: str) -> str:
    """Give the key in the part of Redis that belongs to this user of the cluster."""
    return setting(args, "REDIS_PREFIX") + key
