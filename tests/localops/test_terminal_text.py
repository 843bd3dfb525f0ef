"""Nothing that others wrote is obeyed by a terminal."""

from __future__ import annotations

import unicodedata

import pytest

from localops.terminal_text import harmless, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, naïve, 日本, 👩\u200d🚀, \u200fعربي", "plain, naïve, 日本, 👩\u200d🚀, \u200fعربي"),
        ("tabs\tand\nlines", "tabs\tand\nlines"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("over\rwritten\b\b", r"over\rwritten\x08\x08"),
        ("\x9b2J\x7f\x85", r"\x9b2J\x7f\x85"),
        ("if \u202e\u2066x\u2069", r"if \u202e\u2066x\u2069"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_controls_are_shown_instead_of_obeyed(text: str, shown: str):
    assert harmless(text) == shown


def test_no_control_character_is_left_but_tabs_and_line_feeds():
    shown = harmless("".join(map(chr, range(0x110000))))
    assert {each for each in shown if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")} == {"\t", "\n"}
    assert shown.encode()


def test_a_quotation_is_short_and_on_one_line():
    assert quoted("a\n\x1b\u202eb") == r"'a\n\x1b\u202eb'"
    assert quoted("x" * 5000) == repr("x" * 80 + "…")
