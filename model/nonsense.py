"""Teachers of not understanding: keys hit at random, and names that nobody knows."""

from __future__ import annotations

import functools
import random
import string

from model.example import Example
from model.text import capitalized, facts, phrase, phrasings, words

_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_MARKS = ".?!,;-#*"


def gibberish(rng: random.Random) -> Example:
    """Teach to say that something means nothing: keys, letters, marks, made-up words."""
    kinds = [_keys, _letters, _repeated, _marks, _with_digits, made_up_words]
    text = rng.choices(kinds, [28, 22, 10, 8, 8, 24])[0](rng)
    if rng.random() < 0.05:
        text = text.upper()
    return Example(text, rng.choice(phrasings("nonsense")["answers"]), verbatim=True)


def stranger(rng: random.Random) -> Example:
    """Teach to say `I do not know` to the same questions, asked of names that are not known."""
    kind = rng.choices(["country", "place", "person", "thing"], [40, 15, 20, 25])[0]
    if kind == "country":
        way = rng.choices(["capital", "language", "continent"], [70, 15, 15])[0]
        question = phrase(rng, "geography", way, country=_unknown_country(rng))
    else:
        makers = {"place": _unknown_country, "person": _person, "thing": _thing}
        nouns = {"noun": rng.choice(words("nouns")), "adjective": rng.choice(words("adjectives"))}
        question = phrase(rng, "stranger", kind, name=makers[kind](rng), **nouns)
    return Example(question, rng.choice(phrasings("stranger")["answers"]))


def made_up(rng: random.Random) -> str:
    """Make a word that could exist and does not: `velora`, `quibblock`."""
    while True:
        syllable = _soft_syllable if rng.random() < 0.6 else _syllable
        word = "".join(syllable(rng) for _ in range(rng.choice([2, 2, 2, 3])))
        if word not in _real_words():
            return word


def made_up_words(rng: random.Random) -> str:
    """Make one to three such words."""
    return " ".join(made_up(rng) for _ in range(rng.choice([1, 1, 2, 2, 3])))


def _syllable(rng: random.Random) -> str:
    coda = rng.choice(words("codas")) if rng.random() < 0.6 else ""
    return rng.choice(words("onsets")) + rng.choice(words("vowels")) + coda


def _soft_syllable(rng: random.Random) -> str:
    coda = rng.choice("nrlmst") if rng.random() < 0.35 else ""
    return rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") + coda


@functools.cache
def _real_words() -> frozenset[str]:
    spoken = " ".join(question for fact in facts() for question in fact.ask)
    kinds = ("nouns", "verbs", "adjectives", "names")
    return frozenset([*spoken.split(), *(word.lower() for kind in kinds for word in words(kind))])


def _unknown_country(rng: random.Random) -> str:
    style = rng.random()
    if style < 0.2:
        return rng.choice(words("fictional_places"))
    if style < 0.45:
        return rng.choice(words("untold_countries"))
    name = made_up(rng) + (rng.choice(words("place_endings")) if rng.random() < 0.75 else "")
    if rng.random() < 0.15:
        name += " " + rng.choice(words("made_places"))
    return _titled(rng, name)


def _person(rng: random.Random) -> str:
    surname = made_up(rng) + rng.choice(["", "", "", "son", "le", "by", "ini", "er", "ski", "worth", "wick"])
    first = rng.choice(words("names")) if rng.random() < 0.6 else made_up(rng)
    if rng.random() < 0.2:
        first = rng.choice(words("titles"))
    return _titled(rng, f"{first} {surname}" if rng.random() < 0.85 else surname)


def _thing(rng: random.Random) -> str:
    name = made_up(rng) + (rng.choice(words("thing_endings")) if rng.random() < 0.5 else "")
    return _titled(rng, name) if rng.random() < 0.3 else name


def _titled(rng: random.Random, name: str) -> str:
    return " ".join(map(capitalized, name.split())) if rng.random() < 0.7 else name.lower()


def _keys(rng: random.Random) -> str:
    def run() -> str:
        row = rng.choice(_KEY_ROWS)
        start = rng.randrange(len(row) - 2)
        keys = row[start : start + rng.randint(3, 8)]
        return keys[::-1] if rng.random() < 0.15 else keys

    return rng.choice(["", " ", " "]).join(run() for _ in range(rng.choice([1, 1, 2, 2, 3])))


def _letters(rng: random.Random) -> str:
    letters = string.ascii_lowercase if rng.random() < 0.5 else rng.choice(_KEY_ROWS)
    return " ".join(
        "".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(rng.choice([1, 1, 1, 2, 3]))
    )


def _repeated(rng: random.Random) -> str:
    letter = "".join(rng.choices(string.ascii_lowercase, k=rng.choice([1, 1, 1, 2])))
    return rng.choice(["", " "]).join([letter * rng.randint(2, 4)] * rng.randint(2, 4))


def _marks(rng: random.Random) -> str:
    return (
        "".join(rng.choices(_MARKS, k=rng.randint(1, 5)))
        if rng.random() < 0.5
        else (rng.choice(_MARKS) * rng.randint(1, 6))
    )


def _with_digits(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase + string.digits, k=rng.randint(4, 10)))
