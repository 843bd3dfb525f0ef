"""Keep small things in the Redis that the login gave.

Speaks to it directly, for the five commands that are used: the `redis` package takes longer to load than all
the rest of an action, and a stop that comes in a cold process has 300 ms in all.
Source: the Redis serialization protocol, version 2.
"""

import socket
import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import SplitResult, unquote, urlsplit

from .settings import setting

TIMEOUT_S = 1.0
PORT = 6379

Value = str | int | list[Any] | None


class StoreError(Exception):
    """Redis cannot be used. The text says why, without the URL, which may hold a password."""


class RedisStore:
    """One connection, for one thread.

    Args:
        url: `redis://[[user]:password@]host[:port][/number]`, `rediss://` for TLS, or `unix://path`.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._stream = _connected(self._parts)
        self._answers = self._stream.makefile("rb")

    def begin(self) -> None:
        """Log in and choose the database, as far as the URL says."""
        if self._parts.password:
            user, password = unquote(self._parts.username or ""), unquote(self._parts.password)
            self.do("AUTH", *filter(None, (user, password)))
        if self._parts.scheme != "unix" and (number := self._parts.path.strip("/")):
            self.do("SELECT", number)

    def do(self, *words: str | int) -> Value:
        """Send one command and return its answer.

        Raises:
            StoreError: the server refuses the command.
            OSError: it does not answer.
        """
        encoded = [str(word).encode(errors="replace") for word in words]
        lengths = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
        self._stream.sendall(b"*%d\r\n%s" % (len(encoded), lengths))
        return self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._stream.close()

    def _answer(self) -> Value:
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed in an answer")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise StoreError(f"Redis refuses ({rest.split(b' ')[0].decode(errors='replace')})")
        if kind == b"+":
            return rest.decode(errors="replace")
        if kind == b":" or int(rest) < 0:
            return int(rest) if kind == b":" else None
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        text = self._answers.read(int(rest) + 2)
        if len(text) != int(rest) + 2:
            raise ConnectionError("closed in an answer")
        return text[:-2].decode(errors="replace")


def _connected(parts: SplitResult) -> socket.socket:
    if parts.scheme == "unix":
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(TIMEOUT_S)
        try:
            stream.connect(unquote(parts.path))
        except OSError:
            stream.close()
            raise
        return stream
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("not the URL of a Redis")
    stream = socket.create_connection((parts.hostname, parts.port or PORT), TIMEOUT_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme == "rediss":
        return ssl.create_default_context().wrap_socket(stream, server_hostname=parts.hostname)
    return stream


@contextmanager
def redis_store(args: Mapping[str, Any]) -> Generator[RedisStore | None]:
    """Lend a connection to the Redis at REDIS_URL; None where that is not set.

    Raises:
        StoreError: the URL is unusable, or Redis does not answer or refuses, now or in the block.
    """
    url = setting(args, "REDIS_URL")
    try:
        if url:
            with RedisStore(url) as store:
                store.begin()
                yield store
        else:
            yield None
    except ssl.SSLCertVerificationError as error:
        raise StoreError("Redis has a certificate that cannot be verified") from error
    except OSError as error:
        raise StoreError(f"Redis does not answer ({error.strerror or error})") from error
    except ValueError as error:
        raise StoreError("REDIS_URL is not the URL of a Redis") from error


def prefixed(args: Mapping[str, Any], key: str) -> str:
    """Return the key in the part of Redis that belongs to this user of the cluster."""
    return setting(args, "REDIS_PREFIX") + key
