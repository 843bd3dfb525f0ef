"""Replies in Markdown: all of it is there, and unfinished markup does not flicker."""

from __future__ import annotations

import re

import pytest
from chat_page import ask, asked, enter, last_reply
from deployment import Deployment, Gate, message, spoken
from playwright.sync_api import Page, expect
from sample_reply import REPLY

pytestmark = pytest.mark.browser


def test_all_of_a_rich_reply_is_there(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken(REPLY))
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply.get_by_role("heading", name="How it moved")).to_be_visible()
    expect(reply.locator("strong")).to_have_text(["1871"])
    expect(reply.locator("ol > li")).to_have_count(3)
    expect(reply.locator("ol ul > li")).to_have_text(["the ministries followed,", "then the parliament."])
    expect(reply.locator("td[data-align=right]")).to_have_text(["204,715", "150,000", "212,432"])
    expect(reply.locator("blockquote code")).to_have_text("snake_case_names")
    expect(reply.locator(".code__word[data-scope=keyword]").first).to_have_text("from")
    expect(reply.locator(".katex-display math")).to_have_count(1)
    expect(reply.locator(".katex math")).to_have_count(2)


def test_unfinished_markup_is_not_seen(page: Page, deployment: Deployment) -> None:
    states = [
        ("A **bo", "A bo"),
        ("ld** word and `co", "A bold word and co"),
        ("de` and [a li", "A bold word and code and a li"),
        ("nk](https://exa", "A bold word and code and a link"),
        ("mple.org/) and ![an ima", "A bold word and code and a link and"),
        (
            "ge](http://x.example/y.png)\n\n-",
            "A bold word and code and a link and Show the image “an image” from x.example",
        ),
    ]
    steps = []
    for at, (text, _) in enumerate(states):
        steps += [message(output=text), Gate(f"{at}")]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    for at, (_, seen) in enumerate(states):
        expect(last_reply(page).locator("[data-text]")).to_have_text(seen)
        deployment.open(f"{at}")


def test_what_is_complete_is_not_touched_again(page: Page, deployment: Deployment) -> None:
    steps = [*spoken("First paragraph.\n\nSecond **one**"), Gate("rest"), *spoken(" goes on.\n\nThird.")]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("Second one")
    page.evaluate(
        """() => {
          const [first, second] = document.querySelectorAll("chat-message:last-child p")
          getSelection().selectAllChildren(second)
          window.touched = 0
          new MutationObserver((changes) => (window.touched += changes.length)).observe(first, {
            subtree: true, childList: true, characterData: true, attributes: true })
        }"""
    )
    deployment.open("rest")
    expect(last_reply(page)).to_contain_text("Third.")
    assert page.evaluate("window.touched") == 0
    assert page.evaluate("getSelection().toString()").startswith("Second one")


def test_earlier_messages_are_not_touched_while_another_arrives(page: Page, deployment: Deployment) -> None:
    replies = iter([spoken(REPLY), [*spoken("One "), Gate("rest"), *spoken("two.")]])
    deployment.chat("Chat", "chat/x", lambda _: next(replies))
    enter(page, deployment)
    earlier = asked(page, "Go")
    expect(earlier.locator(".katex")).to_have_count(2)
    # A worker colours the code, and may still do so when the reply has ended.
    expect(earlier.locator(".code__word").first).to_be_attached()
    ask(page, "More")
    expect(last_reply(page)).to_contain_text("One")
    page.evaluate(
        """() => {
          window.touched = []
          const all = { subtree: true, childList: true, characterData: true, attributes: true }
          const watch = new MutationObserver((changes) => touched.push(...changes.map(({ type }) => type)))
          for (const message of document.querySelectorAll("chat-message:not(:last-child)")) {
            watch.observe(message, all)
          }
        }"""
    )
    deployment.open("rest")
    expect(last_reply(page)).to_have_attribute("aria-busy", "false")
    assert page.evaluate("touched") == []


def test_links_open_elsewhere_and_lead_only_to_the_web(page: Page, deployment: Deployment) -> None:
    text = "[web](https://example.org/a) [mail](mailto:a@b.c) [script](javascript:alert(1)) [path](/logout)"
    deployment.chat("Chat", "chat/x", lambda _: [message(output=text)])
    enter(page, deployment)
    links = asked(page, "Go").get_by_role("link")
    expect(links).to_have_text(["web", "mail"])
    for link in links.all():
        assert link.get_attribute("target") == "_blank"
        assert "noopener" in (link.get_attribute("rel") or "")


def test_an_image_is_fetched_only_after_a_click(page: Page, deployment: Deployment) -> None:
    picture = f"{deployment.elsewhere}/picture.svg"
    deployment.chat("Chat", "chat/x", lambda _: [message(output=f"See ![a hill]({picture}?secret=1) there.")])
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "picture" in request.url else None)
    enter(page, deployment)
    reply = asked(page, "Go")
    page.wait_for_load_state("networkidle")
    assert fetched == []
    with page.expect_request(re.compile("picture")) as request:
        reply.get_by_role("button", name="Show the image “a hill” from 127.0.0.1").click()
    assert not request.value.headers.get("referer")
    expect(reply.get_by_role("img", name="a hill")).to_have_count(1)


def test_long_code_is_not_coloured_and_all_there(page: Page, deployment: Deployment) -> None:
    lines = "".join(f"value_{at} = {at}\n" for at in range(3000))
    deployment.chat("Chat", "chat/x", lambda _: spoken(f"```python\n{lines}```\nend"))
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply.locator("[data-text] p").last).to_have_text("end")
    assert reply.locator("code").evaluate("(code) => code.textContent") == lines


def test_formatting_is_loaded_only_when_it_is_needed(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda body: spoken("$x$" if body["input"] == "math" else "Plain."))
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    enter(page, deployment)
    asked(page, "Go")
    assert not [url for url in fetched if "/vendor/katex" in url or "/vendor/highlight" in url]
    expect(asked(page, "math").locator(".katex")).to_have_count(1)
    assert [url for url in fetched if "katex.min.js" in url]


def test_text_is_shown_as_it_is_where_what_formats_it_does_not_arrive(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [message(output="A **bold**\nmove")])
    page.route(re.compile("marked"), lambda route: route.abort())
    enter(page, deployment)
    expect(asked(page, "Go").locator("[data-text]")).to_have_text("A **bold** move")
    expect(page.get_by_text("Replies are shown unformatted")).to_be_visible()


def test_a_paragraph_that_never_ends_is_whole(page: Page, deployment: Deployment) -> None:
    words = " ".join(f"word{at}" for at in range(4000))
    deployment.chat(
        "Chat", "chat/x", lambda _: [message(output=words[at : at + 500]) for at in range(0, len(words), 500)]
    )
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply).to_contain_text("word3999")
    shown = reply.locator("[data-text] p").evaluate_all(
        "(all) => all.map((p) => p.textContent.trim()).join(' ')"
    )
    assert shown == words
    rest = reply.locator("[data-text] p.continued")
    assert rest.count() > 0
    for paragraph in rest.all():
        expect(paragraph).to_have_css("margin-top", "0px")


ARABIC = "مرحبا"
DIRECTIONS = {
    "Hello.": "ltr",
    "مرحبا بالعالم.": "rtl",
    "## عنوان": "rtl",
    "- שלום\n- one": "rtl",
    "1. one\n2. שלום": "ltr",
    "> اقتباس": "rtl",
    "`code` مرحبا": "ltr",
    "| عربي | b |\n|---|---|\n| نعم | c |": "rtl",
    f"```\n{ARABIC}\n```": "ltr",
    "$$x$$": "ltr",
}


def test_every_block_of_a_reply_runs_in_the_direction_of_its_words(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("\n\n".join(DIRECTIONS)))
    enter(page, deployment)
    seen = asked(page, "Go").evaluate(
        """(reply) => [...reply.querySelectorAll("[data-text] > .prose__part > *")]
          .map((block) => getComputedStyle(block.querySelector(".code__part") ?? block).direction)"""
    )
    assert seen == [*DIRECTIONS.values()]


SIDES = """(lines) => lines.map((line) => {
  const box = line.getBoundingClientRect()
  const range = document.createRange()
  range.selectNodeContents(line)
  const words = range.getBoundingClientRect()
  return words.left - box.left < 2 ? "left" : box.right - words.right < 2 ? "right" : "between"
})"""


def test_every_item_and_cell_stands_on_its_own_side(page: Page, deployment: Deployment) -> None:
    text = "- one\n- مرحبا\n\n| English that is long | b |\n|---|---|\n| one | two |\n| مرحبا | two |\n"
    deployment.chat("Chat", "chat/x", lambda _: spoken(text))
    enter(page, deployment)
    reply = asked(page, "Go")
    assert reply.locator("li > p").evaluate_all(SIDES) == ["left", "right"]
    aligned = "(cells) => cells.map((cell) => getComputedStyle(cell).unicodeBidi)"
    assert reply.locator("td").evaluate_all(aligned) == ["plaintext"] * 4


def test_every_line_of_a_question_runs_in_the_direction_of_its_words(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    asked(page, f"A first line that is rather long\n{ARABIC}")
    sides = page.locator("chat-message[data-from=user] [data-text]").evaluate(
        """(text) => {
          const box = text.getBoundingClientRect()
          return [0, text.textContent.indexOf("\\n") + 1].map((at) => {
            const range = document.createRange()
            range.setStart(text.firstChild, at)
            range.setEnd(text.firstChild, at + 5)
            const words = range.getBoundingClientRect()
            return words.left - box.left < 2 ? "left" : box.right - words.right < 2 ? "right" : "between"
          })
        }"""
    )
    assert sides == ["left", "right"]
