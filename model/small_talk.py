"""Teachers of small talk: greetings, and a little Italian."""

from __future__ import annotations

import random

from model.example import Example
from model.text import italian_capitals, phrasings


def greeting(rng: random.Random) -> Example:
    """Teach to answer a greeting, however it is put together."""
    how = phrasings("greeting")
    said = rng.choice(how["hellos"])
    if rng.random() < 0.5:
        said += rng.choice([" ", ", "]) + rng.choice(how["addressed"])
    if rng.random() < 0.45:
        said += rng.choice([", ", " ", "! ", ". "]) + rng.choice(how["remarks"])
    return Example(said, rng.choice(how["answers"]), verbatim=True)


def italian(rng: random.Random) -> Example:
    """Teach some capitals in Italian, and to say in Italian that the rest is not known."""
    how = phrasings("italian")
    if rng.random() < 0.5:
        of, capital = rng.choice(sorted(italian_capitals().items()))
        return Example(
            rng.choice(how["capital"]).format(of=of), f"La capitale {of} è {capital}.", verbatim=True
        )
    thing = rng.choice(how["things"].replace("\n", "").split(";"))
    return Example(
        rng.choice(how["unknown"]).format(x=thing), rng.choice(how["unknown_answers"]), verbatim=True
    )
