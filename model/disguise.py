"""Questions as people really write them: words left out, other words, typos, capitals, no marks.

The model would otherwise learn sentences; it is to learn which words matter. What comes out is never one of
the held-out questions.
"""

from __future__ import annotations

import functools
import random
import re

from model.example import Example
from model.text import capitalized, phrasings, plain, questions, words


def disguised(rng: random.Random, example: Example) -> str:
    """Write an example's question as somebody might."""
    question = _noisy(rng, example)
    while plain(question) in _held_out():
        question = _noisy(rng, example)
    if example.named:
        question = _with_names(rng, question)
    question = _with_case(rng, question, keep=example.verbatim)
    if not example.verbatim and len(question) > 6 and rng.random() < 0.08:
        question = _with_typo(rng, question)
    return _with_mark(rng, question, keep=example.verbatim)


@functools.cache
def _held_out() -> frozenset[str]:
    return frozenset(plain(question.text) for question in questions("held_out"))


def _noisy(rng: random.Random, example: Example) -> str:
    how = phrasings("disguise")
    question = example.question
    if not example.verbatim and rng.random() < 0.35:
        change = rng.choices([_shortened, _reworded, _swapped, _filled], [40, 40, 10, 10])[0]
        question = " ".join(change(rng, question.split()))
    if rng.random() < 0.3:
        question = rng.choice(how["openings"]) + question
    if not example.verbatim and rng.random() < 0.15:
        question += rng.choice(how["endings"])
    return question


def _shortened(rng: random.Random, said: list[str]) -> list[str]:
    droppable = phrasings("disguise")["droppable"]
    return [word for word in said if word.lower() not in droppable or rng.random() < 0.5] or said


def _reworded(rng: random.Random, said: list[str]) -> list[str]:
    synonyms = phrasings("disguise")["synonyms"]
    return [rng.choice(synonyms[word]) if word in synonyms and rng.random() < 0.7 else word for word in said]


def _swapped(rng: random.Random, said: list[str]) -> list[str]:
    if len(said) < 3:
        return said
    place = rng.randrange(len(said) - 1)
    return [*said[:place], said[place + 1], said[place], *said[place + 2 :]]


def _filled(rng: random.Random, said: list[str]) -> list[str]:
    place = rng.randrange(len(said) + 1)
    return [*said[:place], rng.choice(phrasings("disguise")["fillers"]), *said[place:]]


def _with_names(rng: random.Random, question: str) -> str:
    if rng.random() > 0.55:
        return question
    spelled = _spelled_with_capitals()
    return re.sub(r"[A-Za-z][A-Za-z0-9-]*", lambda match: spelled.get(match[0], match[0]), question)


@functools.cache
def _spelled_with_capitals() -> dict[str, str]:
    return {word.lower(): word for word in words("spelled_with_capitals")}


def _with_case(rng: random.Random, question: str, *, keep: bool) -> str:
    style = rng.random()
    if style < 0.5:
        return capitalized(question)
    if keep or style > 0.7:
        return question
    return question.upper() if style < 0.52 else question.lower()


def _with_typo(rng: random.Random, question: str) -> str:
    place = rng.randrange(1, len(question) - 2)
    pair = question[place : place + 2]
    if not pair.isalpha():
        return question
    return question[:place] + (pair[::-1] if rng.random() < 0.5 else pair[1]) + question[place + 2 :]


def _with_mark(rng: random.Random, question: str, *, keep: bool) -> str:
    if keep or question[-1] in ".?!:=":
        return question
    return question + rng.choices(["?", ".", "!", ""], [50, 10, 3, 37])[0]
