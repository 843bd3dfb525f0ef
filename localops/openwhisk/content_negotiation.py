"""Tell what a client accepts, by the rule that OpenWhisk's HTTP server applies to every answer of 2xx.

Source: pekko-http ContentNegotiation.scala, AcceptHeader.scala, AcceptCharsetHeader.scala, MediaRange.scala;
apache/openwhisk WebActionsApiTests.scala ("invalid accept header"). A header that cannot be parsed counts as
one that was not sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from localops.openwhisk.media_type import MediaType

_WORD = r"[!#$%&'*+.^_`|~\w-]+"
_RANGE = re.compile(
    rf"(?:\*(?:/\*)?|(?P<main>(?!\*){_WORD})[ \t]*/(?:\*(?![!#$%&'*+.^_`|~\w-])|(?P<sub>{_WORD})))[ \t]*",
    re.ASCII,
)
_PARAMETER = re.compile(
    rf';[ \t]*(?P<name>{_WORD})[ \t]*=[ \t]*(?:(?P<word>{_WORD})|"(?P<quoted>(?:[^"\\]|\\.)*)")[ \t]*',
    re.ASCII,
)
_CHARSET = re.compile(
    rf"(?P<name>{_WORD})[ \t]*(?:;[ \t]*q[ \t]*=[ \t]*(?P<weight>0(?:\.\d*)?|\.\d+|1(?:\.0*)?)[ \t]*)?",
    re.ASCII,
)
_SEPARATOR = re.compile(r",[ \t]*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_UTF_8 = ("utf-8", "utf8")


class _MalformedError(ValueError):
    """The header is not what its name promises."""


@dataclass(frozen=True)
class _MediaRange:
    """One element of `Accept`; `main` and `sub` are None where it has an asterisk."""

    main: str | None
    sub: str | None
    parameters: Mapping[str, str]
    weight: float

    @property
    def _generality(self) -> int:
        return 2 if self.main is None else 1 if self.sub is None else 0

    @property
    def order(self) -> tuple[int, int, float]:
        """The specific ranges first; of ranges that are equally specific the heavier ones."""
        return (self._generality, -len(self.parameters), -self.weight)

    def matches(self, kind: MediaType) -> bool:
        if self.main not in (None, kind.main) or self.sub not in (None, kind.sub):
            return False
        theirs = dict(_parameters(kind.parameters, 0)[0])
        # Clients are to name a charset in Accept-Charset.
        asked = [
            (name, value) for name, value in self.parameters.items() if self.sub is None or name != "charset"
        ]
        return all(theirs.get(name) == value for name, value in asked)


@dataclass(frozen=True)
class Acceptance:
    """The values of a client's headers `Accept` and `Accept-Charset`."""

    types: Iterable[str] = ()
    charsets: Iterable[str] = ()

    def admits(self, kind: MediaType) -> bool:
        """Return whether the client takes an answer of this type."""
        in_utf_8 = kind.is_text or kind.is_json
        return self._weight_of(kind) > 0 and (not in_utf_8 or self._takes_utf_8)

    def _weight_of(self, kind: MediaType) -> float:
        if not self._ranges:
            return 1.0
        return next((each.weight for each in self._ranges if each.matches(kind)), 0.0)

    @cached_property
    def _ranges(self) -> list[_MediaRange]:
        found: list[_MediaRange] = []
        for value in self.types:
            try:
                found += _media_ranges(value.strip(" \t"))
            except _MalformedError:
                continue
        return sorted(found, key=lambda each: each.order)

    @cached_property
    def _takes_utf_8(self) -> bool:
        found: list[tuple[str, float]] = []
        for value in self.charsets:
            try:
                found += _charset_ranges(value.strip(" \t"))
            except _MalformedError:
                continue
        named = sorted((each for each in found if each[0] != "*"), key=lambda each: -each[1])
        for name, weight in [*named, *(each for each in found if each[0] == "*")]:
            if name in (*_UTF_8, "*"):
                return weight > 0
        return not found


ANYTHING = Acceptance()


def _media_ranges(value: str) -> list[_MediaRange]:
    found: list[_MediaRange] = []
    position = 0
    while position < len(value):
        if found:
            position = _end_of(_SEPARATOR, value, position)
        match = _RANGE.match(value, position)
        if match is None:
            raise _MalformedError
        pairs, position = _parameters(value, match.end())
        parameters = dict(pairs)
        weight = _weight(parameters.pop("q", "1"))
        found.append(_MediaRange(_small(match["main"]), _small(match["sub"]), parameters, weight))
    return found


def _parameters(value: str, position: int) -> tuple[list[tuple[str, str]], int]:
    """Read `; name=value` pairs and return them with the position behind them."""
    found: list[tuple[str, str]] = []
    while match := _PARAMETER.match(value, position):
        quoted = match["quoted"]
        text = match["word"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        found.append((match["name"], text))
        position = match.end()
    return found, position


def _charset_ranges(value: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    position = 0
    while not found or position < len(value):
        if found:
            position = _end_of(_SEPARATOR, value, position)
        match = _CHARSET.match(value, position)
        if match is None:
            raise _MalformedError
        found.append((match["name"].lower(), float(match["weight"] or 1)))
        position = match.end()
    return found


def _end_of(pattern: re.Pattern[str], value: str, position: int) -> int:
    match = pattern.match(value, position)
    if match is None or match.end() == len(value):
        raise _MalformedError
    return match.end()


def _weight(text: str) -> float:
    weight = float(text) if _NUMBER.fullmatch(text) else 1.0
    if not 0 <= weight <= 1:
        raise _MalformedError
    return weight


def _small(name: str | None) -> str | None:
    return None if name is None else name.lower()
