"""The Redis that actions get: the person's own, or this server's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from localops.errors import StartError
from localops.openwhisk.namespace import USER
from localops.project.variables import Variable
from localops.redis.server import RedisServer

_PREFIX = f"{USER}:"
_DEFAULT_PORT = 6379
# What clients take. Source: redis-py connection.py, parse_url.
_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True)
class RedisHost:
    """A Redis and what to tell people about it.

    Attributes:
        variables: what a login gives out for it. Source: apache/openserverless-operator nuvolaris/redis.py.
        line: one line for the console, without the password.
    """

    variables: Mapping[str, str]
    line: str


def chosen_by_person(variables: Mapping[str, Variable]) -> RedisHost | None:
    """Return the Redis that REDIS_URL names.

    Args:
        variables: see `config.layers_of_desk`.

    Raises:
        StartError: it is not the address of a Redis.
    """
    url = variables.get("REDIS_URL")
    if url is None or not url.value:
        return None
    if reason := _fault_of(url.value):
        raise StartError(
            f"REDIS_URL from {url.source} is not the address of a Redis: {reason}; "
            "write it as redis://user:password@host:port, or remove it to use the Redis of localops"
        )
    prefix = variables.get("REDIS_PREFIX")
    given = _redis_login(url.value, prefix.value if prefix and prefix.value else _PREFIX, "given")
    return RedisHost(given, f"redis: {given['REDIS_SERVICE']} (REDIS_URL from {url.source})")


def _fault_of(url: str) -> str | None:
    """Return why a URL is not the address of a Redis, quoting nothing of it: it may have a password."""
    try:
        parts = urlsplit(url)
        names_one = parts.path if parts.scheme == "unix" else parts.hostname and parts.port != 0
    except ValueError:
        return "its host or its port is malformed"
    if parts.scheme not in _SCHEMES:
        return "it does not begin with redis://, rediss:// or unix://"
    return None if names_one else "it names no host"


def own(server: RedisServer) -> RedisHost:
    """Return this server's own Redis."""
    process = server.process
    url = f"redis://{process.user}:{process.password}@127.0.0.1:{server.port}"
    if process.program:
        line = f"redis: {process.program}, started when first asked; keys are kept in .localops/redis"
        return RedisHost(_redis_login(url, _PREFIX, "redis"), line)
    line = "redis: an embedded one in memory (fakeredis); install redis-server to keep keys between runs"
    return RedisHost(_redis_login(url, _PREFIX, "fakeredis"), line)


def _redis_login(url: str, prefix: str, provider: str) -> dict[str, str]:
    """Return what a login gives for a Redis; every value is a text."""
    parts = urlsplit(url)
    return {
        "REDIS_URL": url,
        "REDIS_ALT_URL": url,
        "REDIS_PREFIX": prefix,
        "REDIS_SERVICE": parts.hostname or parts.path,
        "REDIS_PORT": str(parts.port or _DEFAULT_PORT),
        "REDIS_PASSWORD": parts.password or "",
        "REDIS_PROVIDER": provider,
    }
