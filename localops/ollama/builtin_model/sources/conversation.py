"""Whole conversations, mixed from all teachers."""

from __future__ import annotations

import random

from localops.ollama.builtin_model.sources import knowledge, skills
from localops.ollama.builtin_model.sources.disguise import disguised
from localops.ollama.builtin_model.sources.example import Teacher
from localops.ollama.builtin_model.sources.text import phrasings

Turn = tuple[str, str]
"""A role and what it says."""

# What a newcomer asks most, most; the shares were found by trying.
_TEACHERS: list[tuple[Teacher, float]] = [
    (knowledge.fact, 0.38),
    (knowledge.country, 0.13),
    (knowledge.opposite, 0.03),
    (knowledge.translation, 0.05),
    (knowledge.small_thing, 0.03),
    (skills.sum_of_two, 0.07),
    (skills.counting, 0.05),
    (skills.writing, 0.08),
    (skills.copying, 0.06),
    (skills.not_knowing, 0.12),
]
_SYSTEM_SHARE = 0.15
_NEXT_CAPITAL_SHARE = 0.3


def conversation(rng: random.Random, length: int) -> list[Turn]:
    """Make a conversation.

    Args:
        length: in characters, about; the turn that passes it is the last.

    Returns:
        Turns; the first may be a system message, then `user` and `assistant` alternate.
    """
    turns: list[Turn] = []
    if rng.random() < _SYSTEM_SHARE:
        turns.append(("system", rng.choice(phrasings("conversation")["system"])))
    teachers, shares = zip(*_TEACHERS, strict=True)
    while sum(len(text) for role, text in turns if role != "system") < length:
        example = rng.choices(teachers, shares)[0](rng)
        turns += [("user", disguised(rng, example)), ("assistant", example.answer)]
        if example.is_capital and rng.random() < _NEXT_CAPITAL_SHARE:
            following = knowledge.next_capital(rng)
            turns += [("user", disguised(rng, following)), ("assistant", following.answer)]
    return turns
