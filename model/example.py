"""A question with its answer, as a teacher gives it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """One question and its answer.

    Attributes:
        question: in small letters, without a mark at its end.
        verbatim: the answer repeats words of the question, so these must not be damaged.
        named: names in it may be written with capitals, as people do.
    """

    question: str
    answer: str
    verbatim: bool = False
    named: bool = False


Teacher = Callable[[random.Random], Example]
