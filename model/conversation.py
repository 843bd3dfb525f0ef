"""Whole conversations, mixed from all teachers."""

from __future__ import annotations

import random

from model import knowledge, nonsense, skills, small_talk
from model.disguise import disguised
from model.example import Teacher
from model.following import following
from model.text import phrasings

Turn = tuple[str, str]
"""A role and what it says."""

# Their shares in three mixes, found by trying. In the first what a newcomer asks most has most; in the second
# repeating and sums, which are learned last, have more; in the third what people try first, or in a word.
_TEACHERS: list[tuple[Teacher, float, float, float]] = [
    (knowledge.fact, 0.34, 0.30, 0.22),
    (knowledge.country, 0.12, 0.07, 0.07),
    (knowledge.opposite, 0.03, 0.015, 0.01),
    (knowledge.translation, 0.05, 0.025, 0.02),
    (knowledge.small_thing, 0.03, 0.02, 0.02),
    (skills.sum_of_two, 0.08, 0.15, 0.06),
    (skills.counting, 0.04, 0.07, 0.03),
    (skills.writing, 0.07, 0.06, 0.04),
    (skills.copying, 0.07, 0.13, 0.07),
    (skills.not_knowing, 0.09, 0.08, 0.06),
    (small_talk.greeting, 0.02, 0.02, 0.02),
    (small_talk.italian, 0.015, 0.02, 0.02),
    (nonsense.gibberish, 0.03, 0.04, 0.03),
    (nonsense.stranger, 0.05, 0.05, 0.05),
    (skills.first_sum, 0.0, 0.0, 0.13),
    (skills.first_count, 0.0, 0.0, 0.05),
    (knowledge.first_words, 0.0, 0.0, 0.10),
]
_SYSTEM_SHARE = 0.15
_FOLLOWING_SHARE = 0.12


def conversation(rng: random.Random, length: int, mix: int = 0) -> list[Turn]:
    """Make a conversation.

    Args:
        length: in characters, about; the turn that passes it is the last.
        mix: 0 for what newcomers ask, 1 for more of what is learned last, 2 for more of what is tried first.

    Returns:
        Turns; the first may be a system message, then `user` and `assistant` alternate.
    """
    turns: list[Turn] = []
    if rng.random() < _SYSTEM_SHARE:
        turns.append(("system", rng.choice(phrasings("conversation")["system"])))
    teachers = [teacher for teacher, *_ in _TEACHERS]
    shares = [shares[mix] for _, *shares in _TEACHERS]
    while sum(len(text) for role, text in turns if role != "system") < length:
        teacher = rng.choices(teachers, shares)[0]
        example = teacher(rng)
        turns += [("user", disguised(rng, example)), ("assistant", example.answer)]
        if rng.random() < _FOLLOWING_SHARE:
            next_one = following(rng, teacher, example)
            turns += [("user", disguised(rng, next_one)), ("assistant", next_one.answer)]
    return turns
