"""Keeps secrets out of what people are shown, by the names of values and by the values themselves.

A value is a secret when its name says so, as in LOGIN_SECRET or `authorization`. Such a value is then masked
wherever it turns up: in a log line, in a result, in an address, also in the forms that encodings give it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote

from localops.openwhisk.namespace import USER

MASK = "•••"
# fmt: off
_SECRET_WORDS = frozenset((
    "apikey", "auth", "authorization", "bearer", "cookie", "credential", "credentials", "jwt", "oauth",
    "passphrase", "passwd", "password", "pwd", "secret", "secretkey", "secrets", "token",
))
# fmt: on
# Last words of names under which a path stands, as in SSH_AUTH_SOCK.
_PLACE_WORDS = frozenset(("dir", "file", "folder", "path", "sock"))
_PLACE_STARTS = ("/", "~/", "./", "../")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# `scheme://user:password@host`
_PASSWORD_OF_URL = re.compile(r"(?<=://)([^\s/:@]*):([^\s/@]+)@")
# `name: value`, `"name": "value"`, `name=value`, also with the backslashes of JSON within JSON.
_NAMED = re.compile(
    r"""(?<![\w-])([A-Za-z_][\w-]*+)(\\*["']?\s*[:=]\s*)
    (?:(\\*["'])(.*?)\3|((?:Basic\ |Bearer\ )?[^\s"'\\,;&{}\[\]()]+))""",
    re.VERBOSE,
)
_SEPARATOR = re.compile(r":|; |=")
# Shorter ones stand in too many texts by chance; they are masked only where they are a whole value.
_MIN_IN_TEXT = 6
# Far from the end of Python's stack.
_MAX_LEVELS = 200
# The name of the user is one: S3 calls it an access key.
_HARMLESS = frozenset(("", "true", "false", "null", "none", "0", "1", USER))


def is_secret_name(name: str) -> bool:
    """Return whether a value of this name is nobody's business."""
    words = _words_of(name)
    return bool(_SECRET_WORDS.intersection(words)) or (len(words) > 1 and words[-1] == "key")


def _is_secret(name: str, value: object) -> bool:
    """Return whether a value is a secret by its name, and not just the place of something."""
    return is_secret_name(name) and not _is_place(name, value)


def _is_place(name: str, value: object) -> bool:
    """Return whether a value says where something lies: the folder of a shell, a file with a key in it."""
    named_so = name == "PWD" or _PLACE_WORDS.issuperset(_words_of(name)[-1:])
    return named_so and isinstance(value, str) and value.startswith(_PLACE_STARTS)


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


class Masking:
    """Knows some secrets.

    Args:
        secrets: their values.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = frozenset(secret for secret in secrets if secret.lower() not in _HARMLESS)
        long_ones = {form for secret in self.secrets for form in _forms(secret) if len(form) >= _MIN_IN_TEXT}
        ordered = sorted(long_ones, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def knowing(self, value: Any) -> Masking:
        """Return one that also knows what stands under secret names in a JSON value."""
        found = frozenset(secrets_in(value))
        return self if found <= self.secrets else Masking(self.secrets | found)

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if text in self.secrets:
            return MASK
        if self.pattern is not None:
            text = self.pattern.sub(MASK, text)
        return _NAMED.sub(_masked_value, _PASSWORD_OF_URL.sub(rf"\1:{MASK}@", text))

    def value(self, value: Any, name: str = "", levels: int = _MAX_LEVELS) -> Any:
        """Return a JSON value without secrets, and without what lies deeper in it than anybody reads.

        Args:
            name: under which it stands.
        """
        if isinstance(value, dict | list) and not levels:
            return MASK
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            return {
                self.text(key): self.value(each, _nearest(key, name), levels - 1)
                for key, each in members.items()
            }
        if isinstance(value, list):
            return [self.value(each, name, levels - 1) for each in cast("list[Any]", value)]
        if _is_secret(name, value) and value not in (None, "", True, False):
            return MASK
        return self.text(value) if isinstance(value, str) else value


def _masked_value(found: re.Match[str]) -> str:
    name, between, quote_mark, quoted, bare = found.groups()
    if not _is_secret(name, quoted or bare) or not (quoted or bare):
        return found[0]
    mark = quote_mark or ""
    return f"{name}{between}{mark}{MASK}{mark}"


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as encodings write it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(secret.encode(errors="replace")).decode().rstrip("=")


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """Yield the values that stand under secret names in a JSON value, however deep."""
    waiting: list[tuple[Any, str]] = [(value, name)]
    while waiting:
        value, name = waiting.pop()
        if isinstance(value, Mapping):
            members = cast("Mapping[str, Any]", value)
            waiting += [(each, _nearest(key, name)) for key, each in members.items()]
        elif isinstance(value, list):
            waiting += [(each, name) for each in cast("list[Any]", value)]
        elif _is_secret(name, value) and value is not None and not isinstance(value, bool):
            yield from _secret_texts(str(value))


def _secret_texts(text: str) -> Iterator[str]:
    yield text
    # Of `Basic code`, `uuid:key` and `name=value; name=value` the parts are secrets too.
    parts = _SEPARATOR.split(text.removeprefix("Basic ").removeprefix("Bearer "))
    yield from (part for part in parts if len(part) >= _MIN_IN_TEXT)


def _nearest(key: str, name: str) -> str:
    """Return the name that decides: all that stands under a secret name is secret."""
    return key if is_secret_name(key) else name
