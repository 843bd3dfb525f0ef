"""Lets a client through to a Redis that checks no password itself, once it has shown the right one.

Source: the Redis serialization protocol; commands AUTH and HELLO.
"""

from __future__ import annotations

import secrets

_REFUSAL = b"-NOAUTH Authentication required.\r\n"
_WRONG = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
MAX_BYTES = 4096
_MAX_WORDS = 16


class MalformedCommandError(Exception):
    """A command that is not one of the protocol."""


def first_command(data: bytes) -> list[bytes] | None:
    """Return the words of the first command; None when it has not arrived whole.

    Raises:
        MalformedCommandError: it is not a command, or longer than any that can come first.
    """
    if len(data) > MAX_BYTES or (data and not data.startswith(b"*")):
        raise MalformedCommandError
    lines = iter(data.split(b"\r\n")[:-1])
    words: list[bytes] = []
    count = length(next(lines, None), b"*")
    while count is not None and len(words) < count:
        size = length(next(lines, None), b"$")
        word = next(lines, None)
        if size is None or word is None:
            return None
        if len(word) != size:
            raise MalformedCommandError
        words.append(word)
    return None if count is None else words


def command(*words: str) -> bytes:
    """Return a command as it stands on the wire."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def length(line: bytes | None, kind: bytes) -> int | None:
    if line is None:
        return None
    if not line.startswith(kind) or not line[1:].isdigit() or len(line) > 5:
        raise MalformedCommandError
    return int(line[1:])


def answer_to(words: list[bytes], user: str, password: str) -> bytes | None:
    """Return what a first command is refused with; None when it shows the password."""
    upper = [word.upper() for word in words]
    if upper[:1] == [b"AUTH"]:
        given = words[1:]
    elif upper[:1] == [b"HELLO"] and b"AUTH" in upper:
        at = upper.index(b"AUTH")
        given = words[at + 1 : at + 3]
    else:
        return _REFUSAL
    expected = f"{user}:{password}".encode()
    shown = b":".join(given) if len(given) == 2 else b""
    return None if secrets.compare_digest(shown, expected) else _WRONG
