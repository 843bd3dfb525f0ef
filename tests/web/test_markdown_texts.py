"""However a reply is cut, what is shown of it depends on what has come of it, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown_texts
import pytest
from chat_page import asked, enter
from deployment import Deployment, deployed, message
from markdown_texts import DEEP, FRAGMENTS, GROUPS
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

DRAWING = (Path(__file__).parent / "drawing.js").read_text(encoding="utf-8")
HELD_UP_MS = 1_000
LONG = 30_000


@pytest.fixture(scope="module")
def bare_page(browser: Browser) -> Iterator[Page]:
    """Provide the page of a deployment without chats, whose modules draw one text after the other."""
    with deployed() as deployment, browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(deployment.url)
        yield page
        assert wrong == []


def drawing(page: Page, *task: object) -> list[Any]:
    return page.evaluate(DRAWING, [*task])


def test_there_are_texts_enough() -> None:
    assert sum(len(texts) for texts in GROUPS.values()) >= 300
    assert markdown_texts.NESTED == 5_000


@pytest.mark.parametrize("group", GROUPS)
def test_a_text_looks_the_same_at_every_cut_and_in_one_piece(bare_page: Page, group: str) -> None:
    """At each cut also what is shown there does not depend on the cuts before it."""
    assert drawing(bare_page, "everyCut", GROUPS[group]) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_text_looks_the_same_however_it_is_cut(bare_page: Page, seed: int) -> None:
    assert drawing(bare_page, "anyCut", seed, 700, FRAGMENTS) == []


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_nested_deep_is_drawn_soon(bare_page: Page, text: str) -> None:
    assert drawing(bare_page, "long", text, [2_000, 700, LONG * 2], HELD_UP_MS) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_no_text_of_30000_characters_holds_the_page_up(bare_page: Page, seed: int) -> None:
    assert drawing(bare_page, "heldUp", seed, 30, FRAGMENTS, LONG, HELD_UP_MS) == []


LONG_TEXTS = {
    "a paragraph": "word and **another** one, " * 600,
    "a paragraph with one mark that is never closed": "word *and another one, "
    + "word and another one, " * 600,
    "bold over a thousand characters": "word " * 700 + "**" + "bold " * 300 + "** and " + "word " * 700,
    "a list": "- item with **bold** and [r]\n" * 300 + "\nend\n\n[r]: http://r.example\n",
    "a list of loose items": "1. item\n\n   with `code`\n\n" * 200 + "end\n",
    "a table": "| a | [r] |\n|---|---|\n" + "| one | two [r] |\n" * 300 + "\nend\n\n[r]: http://r.example\n",
    "paragraphs with references": "See [r] and [s][r].\n\n" * 300 + "[r]: http://r.example\n",
    "code": "```python\n" + "x = compute(1)  # note\n" * 500 + "```\nend\n",
    "many kinds": "".join(text.rstrip("\n") + "\n\n" for text in GROUPS["lists"] + GROUPS["tables"]),
}


@pytest.mark.parametrize("text", LONG_TEXTS.values(), ids=LONG_TEXTS)
def test_a_long_text_looks_the_same_however_it_is_cut(bare_page: Page, text: str) -> None:
    assert drawing(bare_page, "long", text, [997, 61, 2_000], HELD_UP_MS) == []


def pieces(text: str, size: int) -> list[bytes]:
    return [message(output=text[at : at + size]) for at in range(0, len(text), size)]


def test_a_reply_looks_the_same_after_a_reload(page: Page, deployment: Deployment) -> None:
    texts = {group: "\n\nnext\n\n".join(texts) for group, texts in GROUPS.items()}
    deployment.chat("Chat", "chat/x", lambda body: pieces(texts[body["input"]], 7))
    enter(page, deployment)
    for group in GROUPS:
        asked(page, group)
    before = drawing(page, "shown")
    page.reload()
    replies = page.locator("chat-message[data-from=assistant]:not([data-opening])")
    expect(replies).to_have_count(len(GROUPS))
    for reply in replies.all():
        expect(reply).to_have_attribute("aria-busy", "false")
    # What formats them is fetched after the page, and they are shown as they were written until it has come.
    expect(page.locator("chat-message[data-from=assistant] .plain")).to_have_count(0)
    after = [shown for shown in drawing(page, "shown") if shown in before or "Ask me." not in shown]
    assert after == [shown for shown in before if "Ask me." not in shown]


def test_the_next_reply_is_drawn_after_one_that_is_nested_deep(page: Page, deployment: Deployment) -> None:
    deep = "- " * markdown_texts.NESTED + "bottom"
    deployment.chat(
        "Chat", "chat/x", lambda body: pieces(deep if body["input"] == "deep" else "**Fine.**", 500)
    )
    enter(page, deployment)
    expect(asked(page, "deep")).to_contain_text("bottom")
    expect(asked(page, "more").locator("strong")).to_have_text("Fine.")


def test_a_reply_that_cannot_be_drawn_is_shown_as_it_is_written_and_the_next_one_drawn(
    tab: Page, deployment: Deployment
) -> None:
    tab.add_init_script(
        """const make = Document.prototype.createElement
           Document.prototype.createElement = function (name, ...rest) {
             if (name === "hr") throw new RangeError("no more rules")
             return make.call(this, name, ...rest)
           }"""
    )
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(error.message))
    replies = {"rule": "One **bold** line.\n\n---\n\nThe end.", "none": "**Fine.**"}
    deployment.chat("Chat", "chat/x", lambda body: pieces(replies[body["input"]], 9))
    enter(tab, deployment)
    broken = asked(tab, "rule").locator("[data-text]")
    expect(broken).to_have_text("One **bold** line. --- The end.")
    expect(broken.locator("strong")).to_have_count(0)
    expect(asked(tab, "none").locator("strong")).to_have_text("Fine.")
    assert "no more rules" in errors
