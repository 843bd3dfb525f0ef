"""Teachers of skills: sums, counting, little texts about anything, repeating, and not knowing."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from string import Formatter

from model.example import Example
from model.text import (
    capitalized,
    phrase,
    phrasings,
    translations,
    words,
)

# Nothing of the held-out topics may be in the training text.
_HELD_OUT_NOUNS = {"fox", "window", "market", "apple", "kite", "beach", "jazz", "piano", "oil", "hotel"}


def sum_of_two(rng: random.Random) -> Example:
    """Teach a small sum, difference or product."""
    sign = rng.choices("+-*", [45, 25, 30])[0]
    return _sum(rng, sign, 10 if sign == "*" else 20)


def first_sum(rng: random.Random) -> Example:
    """Teach the sums that people try first, such as 2 + 2."""
    sign = rng.choices("+-*", [70, 15, 15])[0]
    return _sum(rng, sign, rng.choice([3, 6, 10]))


def _sum(rng: random.Random, sign: str, most: int) -> Example:
    a, b = rng.randint(0, most), rng.randint(0, most)
    if sign == "-":
        a, b = max(a, b), min(a, b)
    result = {"+": a + b, "-": a - b, "*": a * b}[sign]
    word = {"+": "plus", "-": "minus", "*": rng.choice(["times", "multiplied by", "x"])}[sign]
    shown = "x" if sign == "*" and rng.random() < 0.2 else sign
    kind = {"+": "sum_add", "-": "sum_take", "*": "sum_times"}[sign] if rng.random() < 0.2 else "sum"
    spoken = _in_words if max(a, b) <= 10 and rng.random() < 0.12 else str
    question = phrase(rng, "numbers", kind, a=spoken(a), b=spoken(b), sign=shown, word=word)
    return Example(question, f"{a} {sign} {b} = {result}", verbatim=True)


def counting(rng: random.Random) -> Example:
    """Teach to count up or down."""
    if rng.random() < 0.5:
        first = rng.randint(2, 20)
        numbers, end = range(first, -1, -1), " Liftoff!"
        question = phrase(rng, "numbers", "count_down", a=first)
    else:
        first = rng.choice([1, 1, 1, 1, rng.randint(1, 12)])
        last = rng.randint(first + 2, min(first + 20, 30))
        numbers, end = range(first, last + 1), ""
        kind = "count_from_one" if first == 1 and rng.random() < 0.4 else "count"
        question = phrase(rng, "numbers", kind, a=first, b=last)
    return Example(question, ", ".join(map(str, numbers)) + "." + end, verbatim=True)


def first_count(rng: random.Random) -> Example:
    """Teach to count as far as people ask for first: to ten, mostly."""
    last = rng.choice([3, 5, 10, 10, 10, 20])
    said = _in_words(last) if last <= 10 and rng.random() < 0.3 else str(last)
    if rng.random() < 0.3:
        numbers, end, question = (
            range(last, -1, -1),
            " Liftoff!",
            phrase(rng, "numbers", "count_down", a=said),
        )
    else:
        kind = "count_from_one" if rng.random() < 0.5 else "count"
        numbers, end, question = range(1, last + 1), "", phrase(rng, "numbers", kind, a=1, b=said)
    return Example(question, ", ".join(map(str, numbers)) + "." + end, verbatim=True)


def writing(rng: random.Random) -> Example:
    """Teach to put any topic into a poem, a haiku or a story."""
    kind, texts = rng.choices([("poem", "poems"), ("haiku", "haikus"), ("story", "stories")], [45, 25, 30])[0]
    topic = _writing_topic(rng)
    text = rng.choice(phrasings("writing")[texts]).strip("\n")
    answer = text.format(topic=topic, Topic=capitalized(topic))
    return Example(phrase(rng, "writing", kind, topic=topic), answer, verbatim=True)


def copying(rng: random.Random) -> Example:
    """Teach to greet by name, and to repeat."""
    if rng.random() < 0.4:
        name = rng.choices([_name(rng), capitalized(_invented(rng)), capitalized(_noun(rng))], [40, 42, 18])[
            0
        ]
        question = phrase(rng, "copying", "name", name=name)
        return Example(question, f"Nice to meet you, {name}! How can I help you?", verbatim=True)
    said = " ".join(_any_word(rng) for _ in range(rng.randint(1, 5)))
    return Example(phrase(rng, "copying", "repeat", words=said), capitalized(said) + ".", verbatim=True)


def not_knowing(rng: random.Random) -> Example:
    """Teach to say that something is not known, whatever way it is asked."""
    general = [way.replace("{topic}", "{thing}") for kind in ("what", "who", "the") for way in _general(kind)]
    unknown = phrasings("unknown")
    ways = rng.choices([general, unknown["things"], unknown["tasks"], unknown["sums"]], [30, 30, 35, 5])[0]
    return Example(_filled(rng, rng.choice(ways)), rng.choice(unknown["answers"]), named=True)


def _in_words(number: int) -> str:
    return ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")[number]


def _general(kind: str) -> list[str]:
    return phrasings("facts")[kind]


def _filled(rng: random.Random, way: str) -> str:
    """Fill a way to ask with things that nobody told the model."""
    makers: dict[str, Callable[[random.Random], str]] = {
        "thing": _thing,
        "noun": _noun,
        "verb": _verb,
        "adjective": _adjective,
        "place": _place,
        "number": _number,
        "digit": _digits,
        "sign": _sign,
        "quality": _quality,
        "deed": _deed,
    }
    parts = Formatter().parse(way)
    return "".join(text + (makers[name](rng) if name else "") for text, name, _, _ in parts)


def _thing(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(words("unknown_topics"))
    article = rng.choice(["the ", "a ", "", "my ", "some ", f"the {_adjective(rng)} "])
    noun = _noun(rng) if rng.random() < 0.8 else _invented(rng)
    tail = rng.choice(["", "", "", f" and {_noun(rng)}", f" of the {_noun(rng)}", "s", f" {_noun(rng)}"])
    return article + noun + tail


def _place(rng: random.Random) -> str:
    name = _invented(rng)
    return rng.choice(
        [name, capitalized(name), f"{_noun(rng)} {_noun(rng)}", f"{capitalized(name)} {_noun(rng)}"]
    )


def _writing_topic(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return rng.choice(words("topics"))
    noun = _noun(rng) if rng.random() < 0.7 else _invented(rng)
    article = rng.choice(["the ", "an " if noun[0] in "aeiou" else "a ", "", "my "])
    tail = f" and the {_noun(rng)}" if rng.random() < 0.1 else ""
    return article + noun + tail


def _any_word(rng: random.Random) -> str:
    return rng.choice([_invented, _noun, _adjective, _verb, _digits, _translatable])(rng)


def _noun(rng: random.Random) -> str:
    return rng.choice(_taught_nouns())


@functools.cache
def _taught_nouns() -> list[str]:
    return [noun for noun in words("nouns") if noun not in _HELD_OUT_NOUNS]


def _adjective(rng: random.Random) -> str:
    return rng.choice(words("adjectives"))


def _name(rng: random.Random) -> str:
    return rng.choice(words("names"))


def _verb(rng: random.Random) -> str:
    return rng.choice(words("verbs"))


def _quality(rng: random.Random) -> str:
    return rng.choice(phrasings("unknown")["qualities"])


def _deed(rng: random.Random) -> str:
    return rng.choice(phrasings("unknown")["deeds"])


def _number(rng: random.Random) -> str:
    """Make a number that is out of reach."""
    return str(rng.randint(21, 99_999))


def _digits(rng: random.Random) -> str:
    return str(rng.randint(0, 99))


def _sign(rng: random.Random) -> str:
    return rng.choice("+-*/")


def _translatable(rng: random.Random) -> str:
    return rng.choice(translations())[0]


def _invented(rng: random.Random) -> str:
    """Make a word that means nothing."""
    return "".join(rng.choice(words("syllables")) for _ in range(rng.randint(2, 3)))
