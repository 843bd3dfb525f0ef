"""Reasoning is told from the answer wherever its tags are, and wherever they are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

OUTPUT, THINKING, UNOPENED = "output", "thinking", "unopened"

TABLE = {
    "nothing": ("", []),
    "an answer alone": ("Rome.", [(OUTPUT, "Rome.")]),
    "reasoning and an answer": ("<think>hm</think>Rome.", [(THINKING, "hm"), (OUTPUT, "Rome.")]),
    "white space goes with the tags": (
        "\n <think>\n\n h m \n</think>\n\n Rome. \n",
        [(THINKING, "h m"), (OUTPUT, "Rome. \n")],
    ),
    "empty reasoning": ("<think>\n\n</think>\n\nRome.", [(OUTPUT, "Rome.")]),
    "no closing tag": ("<think>hm\nhm", [(THINKING, "hm\nhm")]),
    "half a closing tag at the end": ("<think>hm</thi", [(THINKING, "hm</thi")]),
    "a closing tag only": ("hm\n</think>\n\nRome.", [(OUTPUT, "hm\n"), (UNOPENED, ""), (OUTPUT, "Rome.")]),
    "a closing tag first": ("</think>Rome.", [(UNOPENED, ""), (OUTPUT, "Rome.")]),
    "an opening tag alone": ("<think>", []),
    "half an opening tag": ("<thin", [(OUTPUT, "<thin")]),
    "reasoning twice": (
        "<think>a</think>b<think>c</think>d",
        [(THINKING, "a"), (OUTPUT, "b"), (THINKING, "c"), (OUTPUT, "d")],
    ),
    "an opening tag in reasoning": (
        "<think>a <think> b</think>c",
        [(THINKING, "a <think> b"), (OUTPUT, "c")],
    ),
    "another tag": ("<thinking>a</thinking>", [(OUTPUT, "<thinking>a</thinking>")]),
    "a fence": ("See:\n```\n<think>x</think>\n```\n", [(OUTPUT, "See:\n```\n<think>x</think>\n```\n")]),
    "a longer fence": (
        "````md\n```\n</think>\n```\n````\n<think>x</think>y",
        [(OUTPUT, "````md\n```\n</think>\n```\n````\n"), (THINKING, "x"), (OUTPUT, "y")],
    ),
    "a fence of tildes": ("~~~\n</think>\n```\n~~~", [(OUTPUT, "~~~\n</think>\n```\n~~~")]),
    "an indented fence": ("- a\n  ```\n  <think>\n  ```", [(OUTPUT, "- a\n  ```\n  <think>\n  ```")]),
    "an open fence": ("```\n<think>", [(OUTPUT, "```\n<think>")]),
    "inline code": ("Use `<think>` and ``</think>`` so.", [(OUTPUT, "Use `<think>` and ``</think>`` so.")]),
    "inline code of three at the start of a line": (
        "```<think>``` is a tag\n<think>a</think>b",
        [(OUTPUT, "```<think>``` is a tag\n"), (THINKING, "a"), (OUTPUT, "b")],
    ),
    "a stray backtick": ("it`s\n<think>a</think>b", [(OUTPUT, "it`s\n"), (THINKING, "a"), (OUTPUT, "b")]),
    "a fence in reasoning": ("<think>```\nx</think>y", [(THINKING, "```\nx"), (OUTPUT, "y")]),
    "white space only": (" \n", [(OUTPUT, " \n")]),
    "signs that begin nothing": ("1 < 2 ~ 3 ~~ 4 <", [(OUTPUT, "1 < 2 ~ 3 ~~ 4 <")]),
}


def split(parser: Any, parts: list[str]) -> list[tuple[str, str]]:
    """Feed the parts, and join what comes one after another of the same kind."""
    pieces = [piece for part in parts for piece in parser.feed(part)] + parser.end()
    joined: list[tuple[str, str]] = []
    for kind, text in pieces:
        if joined and joined[-1][0] == kind != UNOPENED:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined


def cuts(text: str) -> Iterator[list[str]]:
    """Give the text whole, letter by letter, in steps of each size, and cut in two at each place."""
    yield [text]
    for size in range(1, max(2, len(text))):
        yield [text[place : place + size] for place in range(0, len(text), size)]
        yield [text[:size], text[size:]]


@pytest.fixture
def parser(shared: Callable[[str], Any]) -> Callable[[], Any]:
    return shared("providers.reasoning").Reasoning


@pytest.mark.parametrize("name", TABLE)
def test_reasoning_is_found_at_every_cut(parser: Any, name: str):
    text, expected = TABLE[name]
    for parts in cuts(text):
        assert split(parser(), parts) == expected, parts


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from(["<think>", "</think>", "`", "```", "~~~", "\n", "<", "</", " "]),
            st.text(max_size=3),
        )
    )
)
def test_where_a_text_is_cut_makes_no_difference(parser: Any, parts: list[str]):
    text = "".join(parts)
    whole = split(parser(), [text])
    assert split(parser(), parts) == whole
    assert split(parser(), list(text)) == whole


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.text(st.characters(exclude_characters="<"))))
def test_text_without_tags_passes_unchanged(parser: Any, parts: list[str]):
    assert "".join(text for _, text in split(parser(), parts)) == "".join(parts)


def test_a_plain_token_is_not_held_back(parser: Any):
    reasoning = parser()
    assert reasoning.feed("Rome") == [(OUTPUT, "Rome")]
    assert reasoning.feed(" is") == [(OUTPUT, " is")]


def marked(marks: Any, pieces: list[tuple[str, str]]) -> str:
    return "".join(marks.mark(kind, text) for kind, text in pieces) + marks.end()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(OUTPUT, "a")], "a"),
        ([(THINKING, "a"), (THINKING, "b"), (OUTPUT, "c")], "[think]\nab\n[/think]\n\nc"),
        ([(THINKING, "a")], "[think]\na\n[/think]\n\n"),
        ([(OUTPUT, "a"), (UNOPENED, ""), (OUTPUT, "b")], "a\n[/think]\n\nb"),
        ([], ""),
    ],
)
def test_marks_stand_around_reasoning(shared: Any, pieces: list[tuple[str, str]], expected: str):
    assert marked(shared("chat.marks").Marks(), pieces) == expected
