"""The display area's HTML."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def display(load_action: Any) -> Any:
    main = load_action("mastrogpt/display").main
    return lambda **args: main(args)["body"]


def test_html_is_shown_as_it_is(display: Any):
    assert "<p>x</p>" in display(html="<p>x</p>")


@pytest.mark.parametrize(
    "args",
    [
        {"code": "<script>alert(1)</script>", "language": "html"},
        {"code": "x", "language": '"><script>alert(1)</script>'},
        {"message": "<script>alert(1)</script>"},
        {"message": "x", "title": "<script>alert(1)</script>"},
        {"chess": "<script>alert(1)</script>"},
    ],
)
def test_all_but_html_is_escaped(display: Any, args: dict[str, str]):
    text = display(**args)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_login_that_a_chat_asks_for_is_shown_by_its_sentence_alone(display: Any):
    assert display(login=True) == ""


def test_a_chess_position_is_drawn(display: Any):
    assert "<svg" in display(chess="rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1")


def test_a_bad_chess_position_is_explained(display: Any):
    assert "This is not a chess position" in display(chess="not chess")


def test_nothing_to_show_is_said(display: Any):
    assert "Nothing to show" in display()


@pytest.mark.parametrize("args", [{"code": "x"}, {"html": "x"}, {"message": "x"}, {}])
def test_nothing_is_loaded_from_the_network(display: Any, args: dict[str, str]):
    assert "http" not in display(**args)


@pytest.mark.parametrize("member", ["html", "code", "message", "title", "chess", "language"])
@pytest.mark.parametrize("value", ["\ud83d", None, 5, ["x"], {"y": 1}, ""])
def test_any_value_gives_text_that_the_runtime_can_write(display: Any, member: str, value: Any):
    shown = display(**{"code" if member == "language" else "message": "x", member: value})
    assert isinstance(shown, str)
    assert shown.encode()
