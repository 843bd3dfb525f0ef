"""Teachers of what people say next: `and plus 2`, `are you certain`, `another`, `say my name`."""

from __future__ import annotations

import random
import re

from model import knowledge, skills
from model.example import Example, Teacher
from model.text import countries, phrase, phrasings

_ANYTIME = ("sure", "more", "why", "meaning", "said")
_SUM = re.compile(r"\d+ [-+*] \d+ = (\d+)")
_NAME = re.compile(r"Nice to meet you, (.+)! How")
_CAPITAL = re.compile(r"The capital of (.+) is .+\.")


def following(rng: random.Random, teacher: Teacher, before: Example) -> Example:
    """Make the turn that comes after an example, out of what the example was about."""
    made = _about(rng, before)
    if made is not None and rng.random() < 0.75:
        return made
    if teacher is skills.writing and rng.random() < 0.7:
        return Example(phrase(rng, "following", "again"), teacher(rng).answer)
    kind = rng.choice(_ANYTIME)
    return Example(phrase(rng, "following", kind), rng.choice(phrasings("following")[f"{kind}_answers"]))


def _about(rng: random.Random, before: Example) -> Example | None:
    if match := _SUM.fullmatch(before.answer):
        return _further_sum(rng, int(match[1]))
    if match := _NAME.match(before.answer):
        return Example(phrase(rng, "following", "name"), f"Your name is {match[1]}.", verbatim=True)
    if match := _CAPITAL.fullmatch(before.answer):
        return _further_country(rng, match[1])
    return None


def _further_sum(rng: random.Random, result: int) -> Example:
    change = rng.randint(1, 10)
    if result >= change and rng.random() < 0.3:
        question, answer = "sum_less", f"{result} - {change} = {result - change}"
    else:
        question, answer = "sum_more", f"{result} + {change} = {result + change}"
    return Example(phrase(rng, "following", question, c=change), answer, verbatim=True)


def _further_country(rng: random.Random, name: str) -> Example:
    kind = rng.choices(["next", "language", "continent"], [60, 20, 20])[0]
    if kind == "next":
        return knowledge.next_capital(rng)
    row = next(row for row in countries() if row.name == name)
    return Example(phrase(rng, "following", kind), knowledge.about_country(row, kind))
