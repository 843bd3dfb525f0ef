"""Random tries from a fixed seed, the same in every run, and the odd things that people and attackers send.

    @pytest.mark.fuzz
    def test_no_request_is_a_500(fuzz: Fuzz, ...):
        for random in fuzz:                 # until it is over; each try has a generator of its own
            body = odd_copy(random, VALID)
            ...

Each test makes the same MAX_TRIES tries everywhere, so that none is red by the luck of a faster machine, and
ends earlier where they take longer than 30 s. FUZZ_SECONDS is how long it tries instead, FUZZ_SEED (1) where
it begins; FUZZ_TRY repeats the one try that a failure names. `python3 -m localops bench fuzz` runs all of
them for longer.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

SECONDS, SEED, TRY, REPORT = "FUZZ_SECONDS", "FUZZ_SEED", "FUZZ_TRY", "FUZZ_REPORT"
MAX_TRIES = 1000
ODD_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "%00",
    "²",
    "٣",
    "-0",
    "1e999",
    "9" * 5000,
    "-" + "9" * 5000,
    "0x10",
    "1_000",
    "NaN",
    "null",
    "\ufeff",
    "\u2028",
    "\u0085",
    "\u202e",
    "\ud800",
    "\udfff\ud800",
    "\U0001d518\U0001d52b",
    "e\u0301" * 40,
    "\x1b[2J",
    "\r\nX-Injected: yes\r\n",
    "../../etc/passwd",
    "..%2f..%2f",
    "http://[",
    "http://[::1",
    "a" * 300,
    "x" * 30_000,
    "[" * 2_000,
    "{" * 2_000,
    '{"a":' * 300,
    "(" * 2_000,
    "*" * 2_000,
    "`" * 2_000,
    "<script>alert(1)</script>",
    "$(id)",
    "${X:-${X:-${X}}}",
    "'; --",
    "\\",
    '"',
    "=",
    "&",
    ";",
    "%",
    "/",
    "?",
    "#",
)
ODD_NUMBERS = (
    0,
    -1,
    1,
    2,
    255,
    256,
    2**31,
    -(2**31),
    2**32,
    2**53,
    2**63,
    -(2**63) - 1,
    10**300,
    0.5,
    -0.0,
    1e308,
)


class Fuzz:
    """The tries of one test.

    Attributes:
        tries: how many were made.
        number: of the current one.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds = float(os.environ.get(SECONDS, "30"))
        self.max_tries = math.inf if SECONDS in os.environ else MAX_TRIES
        self.seed = os.environ.get(SEED, "1")
        self.only = os.environ.get(TRY)
        self.tries = self.number = 0

    def __iter__(self) -> Iterator[Random]:
        began_s = time.monotonic()
        self.number = int(self.only or 0)
        while True:
            yield Random(f"{self.name} {self.seed} {self.number}")
            self.tries += 1
            is_over = self.tries >= self.max_tries or time.monotonic() - began_s > self.seconds
            if self.only is not None or is_over:
                return
            self.number += 1

    def words(self) -> str:
        """Return what was done, and how the last try is repeated."""
        return f"{self.tries} tries; {SEED}={self.seed} {TRY}={self.number} repeats the last one alone"


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Iterator[Fuzz]:
    """Yield the tries of a test; a failure shows which one it was."""
    tries = Fuzz(request.node.name)
    yield tries
    print(f"fuzz: {tries.words()}")  # noqa: T201 - pytest shows it beside a failure
    if report := os.environ.get(REPORT):
        with Path(report).open("a") as file:
            file.write(json.dumps({"test": request.node.nodeid, "tries": tries.tries}) + "\n")


def odd_text(random: Random) -> str:
    """Return a text as few expect it."""
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(ODD_TEXTS)
    if kind == 1:
        return "".join(random.choices(ODD_TEXTS, k=random.randrange(1, 4)))[:30_000]
    if kind == 2:
        return "".join(chr(random.randrange(0x250)) for _ in range(random.randrange(20)))
    return "".join(chr(random.randrange(0x110000)) for _ in range(random.randrange(6)))


def odd_value(random: Random, depth: int = 3) -> Any:
    """Return a JSON value of any type, whatever is expected."""
    kind = random.randrange(8 if depth else 6)
    if kind == 0:
        return random.choice((None, True, False))
    if kind in (1, 2):
        return random.choice(ODD_NUMBERS)
    if kind < 6:
        return odd_text(random)
    items = [odd_value(random, depth - 1) for _ in range(random.randrange(4))]
    return items if kind == 6 else {odd_text(random)[:50]: item for item in items}


def odd_copy(random: Random, value: Any, odds: float = 0.15) -> Any:
    """Return a copy of a JSON value in which some places hold something else, more, or nothing."""
    if random.random() < odds:
        return odd_value(random)
    if isinstance(value, dict):
        copy = {name: odd_copy(random, member, odds) for name, member in value.items()}
        if copy and random.random() < odds:
            del copy[random.choice(list(copy))]
        return copy
    if isinstance(value, list):
        copy = [odd_copy(random, item, odds) for item in value]
        return copy * random.choice((1, 1, 1, 2, 50)) if random.random() < odds else copy
    return value


def odd_bytes(random: Random, data: bytes) -> bytes:
    """Return bytes of which some are lost, doubled, swapped or foreign."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 5)):
        place = random.randrange(len(changed) + 1)
        length = random.choice((1, 1, 2, 8, 64))
        kind = random.randrange(4)
        if kind == 0:
            del changed[place : place + length]
        elif kind == 1:
            changed[place:place] = changed[place : place + length] * random.choice((1, 2, 100))
        elif kind == 2:
            changed[place : place + length] = random.randbytes(length)
        else:
            changed[place:place] = odd_text(random).encode("utf-8", "surrogatepass")
    return bytes(changed)
