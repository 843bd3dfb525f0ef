"""Teachers of facts: what was written down, countries, vocabulary, days and months."""

from __future__ import annotations

import calendar
import functools
import random

from model.example import Example
from model.text import (
    Country,
    Fact,
    capitalized,
    countries,
    facts,
    pairs,
    phrase,
    translations,
)

# Words with two opposites, or none when the pair is turned round.
_AMBIGUOUS = {"light", "old", "short"}


def fact(rng: random.Random) -> Example:
    """Teach one of the written facts, half of the time by a topic in a general way of asking."""
    known = rng.choice(facts())
    if known.topics and rng.random() < 0.5:
        kind = rng.choice(sorted(known.topics))
        question = phrase(rng, "facts", kind, topic=rng.choice(known.topics[kind]))
    else:
        question = rng.choice(known.ask)
    return Example(question, rng.choice(known.answers), named=True)


def first_words(rng: random.Random) -> Example:
    """Teach the facts that are asked for in a word or two: `help`, `ok`, `what?`."""
    question, known = rng.choice(_short_questions())
    return Example(question, rng.choice(known.answers), named=True)


@functools.cache
def _short_questions() -> list[tuple[str, Fact]]:
    return [(ask, known) for known in facts() for ask in known.ask if len(ask.split()) <= 2]


def country(rng: random.Random) -> Example:
    """Teach a country's capital, language or continent, or a capital's country."""
    row = rng.choice(countries())
    name = row.name.removeprefix("the ") if rng.random() < 0.4 else row.name
    kind = rng.choices(["capital", "language", "continent", "country_of"], [66, 12, 10, 12])[0]
    if kind == "country_of":
        return _country_of(rng)
    return Example(phrase(rng, "geography", kind, country=name), about_country(row, kind))


def about_country(row: Country, kind: str) -> str:
    """Say a country's capital, language or continent."""
    answers = {
        "capital": f"The capital of {row.name} is {row.capital}.",
        "language": f"In {row.name} people speak {row.language}.",
        "continent": f"{capitalized(row.name)} is in {row.continent}.",
    }
    return answers[kind]


def next_capital(rng: random.Random) -> Example:
    """Teach to understand `and France` after a question for a capital."""
    row = rng.choice(countries())
    question = phrase(rng, "geography", "next_capital", country=row.name)
    return Example(question, about_country(row, "capital"))


def opposite(rng: random.Random) -> Example:
    """Teach a word's opposite, in both directions where there is only one."""
    word, other = rng.choice(pairs("opposites"))
    if rng.random() < 0.5 and other not in _AMBIGUOUS:
        word, other = other, word
    if word in _AMBIGUOUS:
        word, other = "hot", "cold"
    return Example(phrase(rng, "vocabulary", "opposite", word=word), f"The opposite of {word} is {other}.")


def translation(rng: random.Random) -> Example:
    """Teach one word in one of four languages."""
    word, translated = rng.choice(translations())
    language = rng.choice(sorted(translated))
    question = phrase(rng, "vocabulary", "translation", word=word, language=language)
    return Example(question, f'In {language}, "{word}" is "{translated[language]}".', named=True)


def small_thing(rng: random.Random) -> Example:
    """Teach a colour, an animal's sound, or what comes before or after a day or a month."""
    kind = rng.choices([_color, _sound, _neighbour], [30, 30, 40])[0]
    return kind(rng)


def _country_of(rng: random.Random) -> Example:
    # London is the capital of two rows, and a city with its country's name would teach nothing.
    told_apart = [row for row in countries() if row.capital not in ("London", "Washington, D.C.", row.name)]
    row = rng.choice(told_apart)
    question = phrase(rng, "geography", "country_of", capital=row.capital)
    return Example(question, f"{row.capital} is the capital of {row.name}.")


def _color(rng: random.Random) -> Example:
    thing, color = rng.choice(pairs("colors"))
    return Example(phrase(rng, "vocabulary", "color", thing=thing), f"{capitalized(thing)} is {color}.")


def _sound(rng: random.Random) -> Example:
    animal, sound = rng.choice(pairs("sounds"))
    return Example(phrase(rng, "vocabulary", "sound", animal=animal), f"A {animal} says {sound}!")


def _neighbour(rng: random.Random) -> Example:
    unit, names = rng.choice([("day", list(calendar.day_name)), ("month", list(calendar.month_name)[1:])])
    place = rng.randrange(len(names))
    side, step = rng.choices([("after", 1), ("before", -1)], [6, 4])[0]
    question = phrase(rng, "vocabulary", side, unit=unit, name=names[place])
    neighbour = names[(place + step) % len(names)]
    return Example(question, f"{capitalized(side)} {names[place]} comes {neighbour}.")
