"""The text, as it lies in the folder `text`: facts, tables, words and ways to ask."""

from __future__ import annotations

import functools
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

FOLDER = Path(__file__).parent / "text"
_TOPIC_KINDS = ("what", "who", "the")


@dataclass(frozen=True)
class Fact:
    """One thing the model is taught.

    Attributes:
        ask: ways to ask, as they are.
        topics: names for it, by the section of `facts` in phrasings.toml that they are put into.
        keywords: of which one must be in a right answer.
    """

    ask: Sequence[str]
    answers: Sequence[str]
    keywords: Sequence[str]
    topics: Mapping[str, Sequence[str]]


class Country(NamedTuple):
    """A row of the table of countries; some names begin with `the `."""

    name: str
    capital: str
    language: str
    continent: str


class Question(NamedTuple):
    """A question of an evaluation.

    Attributes:
        text: `>>` parts the turns of a conversation; the last one is judged.
        keywords: of which a right answer has one, in any case of letters; none asks for "I do not know".
        whole_words: the keyword must stand there as a word, or in the plural.
    """

    kind: str
    text: str
    keywords: tuple[str, ...]
    whole_words: bool = False

    @property
    def turns(self) -> list[str]:
        """Return what the person says, one message after the other."""
        return self.text.split(" >> ")


@functools.cache
def facts() -> list[Fact]:
    """Read all facts."""
    return [_fact(cast("dict[str, Any]", row)) for row in _read("facts")["fact"]]


@functools.cache
def countries() -> list[Country]:
    """Read the table of countries."""
    return [Country(name, *row) for name, row in _read("world")["countries"].items()]


@functools.cache
def pairs(table: str) -> list[tuple[str, str]]:
    """Read a table of pairs: opposites, colors of things, sounds of animals."""
    return [(one, other) for one, other in _read("world")[table]]


@functools.cache
def translations() -> list[tuple[str, dict[str, str]]]:
    """Read words with their translations by language."""
    languages, table = _read("world")["languages"], _read("world")["translations"]
    return [(word, dict(zip(languages, row, strict=True))) for word, row in table.items()]


@functools.cache
def italian_capitals() -> Mapping[str, str]:
    """Read capitals in Italian, by `della Francia`."""
    return _read("world")["italian_capitals"]


@functools.cache
def words(kind: str) -> list[str]:
    """Read a list of words or topics."""
    found = _read("words")[kind]
    return found.split() if isinstance(found, str) else found


@functools.cache
def phrasings(section: str) -> dict[str, Any]:
    """Read a section of the ways to ask."""
    return _read("phrasings")[section]


@functools.cache
def questions(name: str) -> list[Question]:
    """Read an evaluation: `held_out`, `first_messages` or `blind`."""
    if name == "blind":
        return list(_blind())
    _, *rows = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    cells = [row.split("\t") for row in rows]
    return [Question(kind, text, tuple(keywords.split("|"))) for kind, text, keywords in cells]


def _blind() -> Iterator[Question]:
    groups = cast("dict[str, dict[str, Any]]", _read("blind"))
    for kind, group in groups.items():
        accepted = dict.fromkeys(group.get("questions", ()), group.get("accepted", "")) | group.get(
            "each", {}
        )
        for text, keywords in accepted.items():
            yield Question(kind, text, tuple(keywords.split("|")) if keywords else (), whole_words=True)


def phrase(rng: random.Random, section: str, kind: str, **values: object) -> str:
    """Pick a way to ask and fill it in."""
    return rng.choice(phrasings(section)[kind]).format(**values)


def plain(question: str) -> str:
    """Return the form in which questions are compared: no capitals, no punctuation."""
    return re.sub(r"[^a-z0-9 +*/-]", "", question.lower()).strip()


def capitalized(text: str) -> str:
    """Make the first letter a capital and leave the others alone."""
    return text[:1].upper() + text[1:]


@functools.cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _fact(row: dict[str, Any]) -> Fact:
    topics = {kind: row[f"topics_{kind}"] for kind in _TOPIC_KINDS if f"topics_{kind}" in row}
    return Fact(row["ask"], row["answers"], row["keywords"], topics)
