"""WCAG 2.2 AA as far as axe can tell, and what only a test can: what is announced, and when."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from chat_page import ask, asked, enter, last_reply
from deployment import Deployment, Gate, message, spoken
from playwright.sync_api import Page, expect
from sample_reply import REPLY, THOUGHTS

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FORM = [
    {"name": "city", "label": "City", "type": "text", "required": "true"},
    {"name": "season", "label": "Season", "type": "radio", "options": ["spring", "autumn"]},
    {"name": "train", "label": "By train", "type": "checkbox"},
]

pytestmark = pytest.mark.browser


@pytest.fixture
def axe() -> str:
    if not AXE.is_file():
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("axe-core is not installed beside the other tools of the tests")
        pytest.skip("axe-core is not installed: install the tools of tests/package.json")
    return AXE.read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    result = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", RULES
    )
    return [
        f"{found['id']}: {found['help']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def opened(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)


def rich_reply(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply.locator(".katex")).to_have_count(2)
    reply.locator("summary").click()


def running_reply(page: Page, deployment: Deployment) -> None:
    deployment.streamed["chat/x"] = lambda _: [*spoken("one "), Gate("never")]
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("one")


def failed_reply(page: Page, deployment: Deployment) -> None:
    deployment.streamed["chat/x"] = lambda _: [b"not ok (502 Bad Gateway)\n"]
    enter(page, deployment)
    asked(page, "Go", "failed")


def form(page: Page, deployment: Deployment) -> None:
    greeting = {"output": "Please", "form": FORM, "html": "<p>x</p>"}
    deployment.asked["chat/x"] = lambda body: greeting if "input" in body else {"output": "Hi."}
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply.locator("chat-form")).to_be_visible()
    expect(reply.frame_locator("iframe").get_by_text("x")).to_be_visible()


def settings(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


def keyboard_sheet(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)
    page.keyboard.press("Control+Slash")
    expect(page.get_by_role("dialog")).to_be_visible()


def versions(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)
    asked(page, "Go").get_by_role("button", name="Answer again").click()
    expect(last_reply(page).get_by_role("button", name="Previous version")).to_be_enabled()


def login(page: Page, deployment: Deployment) -> None:
    deployment.asked["chat/x"] = lambda _: {"output": "Log in.", "login": True}
    enter(page, deployment)
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()


def menus(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)
    asked(page, "Go")
    page.get_by_role("button", name="This conversation").click()
    expect(page.get_by_role("button", name="Rename")).to_be_visible()


def edited(page: Page, deployment: Deployment) -> None:
    enter(page, deployment)
    asked(page, "Go")
    page.get_by_role("textbox", name="Message").press("ArrowUp")
    expect(page.get_by_role("textbox", name="Edit the message")).to_be_focused()


def unreachable(page: Page, deployment: Deployment) -> None:
    page.route("**/api/my/mastrogpt/index", lambda route: route.abort())
    page.goto(deployment.url)
    expect(page.get_by_role("heading", name="The deployment does not answer")).to_be_visible()


def members_only(page: Page, deployment: Deployment) -> None:
    assert isinstance(deployment.index, dict)
    deployment.index["services"] = [{"Club": [{"name": "For members", "url": "a/b", "users": "ann"}]}]
    page.goto(deployment.url)
    expect(page.get_by_role("main").get_by_role("button", name="Log in")).to_be_visible()


ODD_REPLY = """- [ ] one
- [x] two with [](https://example.org/nameless)

#

## &nbsp;

|   | b |
|---|---|
| 1 | 2 |

![](https://example.org/nameless.png) and ![]()

```
```

## """


def odd_reply(page: Page, deployment: Deployment) -> None:
    """Everything that may be nameless, stopped within a heading."""
    deployment.streamed["chat/x"] = lambda _: [message(output=ODD_REPLY), Gate("never")]
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("two with")
    page.get_by_role("button", name="Stop").click()
    reply = last_reply(page)
    expect(reply).to_have_attribute("data-status", "stopped")
    expect(reply.get_by_role("checkbox", name="Task to do")).not_to_be_checked()
    expect(reply.get_by_role("checkbox", name="Completed task")).to_be_checked()
    expect(reply.locator("[data-text] :is(h3, h4)")).to_have_count(0)


STATES: list[Callable[[Page, Deployment], None]] = [
    opened,
    members_only,
    rich_reply,
    odd_reply,
    running_reply,
    failed_reply,
    form,
    settings,
    keyboard_sheet,
    login,
    menus,
    versions,
    edited,
    unreachable,
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(
    page: Page, deployment: Deployment, axe: str, state: Callable[[Page, Deployment], None], scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    steps = [
        message(thinking=THOUGHTS),
        *spoken(REPLY),
        message(metrics={"model": "tiny", "tokens_per_s": 9}),
    ]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    assert isinstance(deployment.index, dict)
    deployment.index["notice"] = "A tiny model answers."
    state(page, deployment)
    assert violations(page, axe) == []


def test_a_reply_is_not_read_token_by_token(page: Page, deployment: Deployment) -> None:
    steps = [*spoken("one "), Gate("a"), *spoken("two "), Gate("b"), *spoken("three")]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    page.evaluate(
        """() => {
          window.heard = []
          const line = document.querySelector("[role=status]")
          const hear = () => heard.push(line.textContent)
          new MutationObserver(hear).observe(line, { childList: true, subtree: true })
        }"""
    )
    ask(page, "Count")
    for gate, words in (("a", "one"), ("b", "two")):
        expect(last_reply(page)).to_contain_text(words)
        deployment.open(gate)
    expect(last_reply(page)).to_have_attribute("data-status", "done")
    assert page.evaluate("heard") == ["Reply started", "Reply finished"]
    log = page.get_by_role("log")
    assert log.get_attribute("aria-live") == "off"
    assert page.locator("[aria-live=polite], [aria-live=assertive]").count() == 0
    assert page.get_by_role("status").count() == 1


def test_a_running_reply_is_busy(page: Page, deployment: Deployment) -> None:
    running_reply_here = [*spoken("one "), Gate("rest")]
    deployment.chat("Chat", "chat/x", lambda _: running_reply_here)
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_have_attribute("aria-busy", "true")
    deployment.open("rest")
    expect(last_reply(page)).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([b"not ok (502 Bad Gateway)\n"], "Reply failed: The stream was interrupted."),
        ([*spoken("part"), b'{"out'], "Reply interrupted"),
    ],
)
def test_how_a_reply_ended_is_announced(
    page: Page, deployment: Deployment, steps: list[bytes], words: str
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    expect(page.get_by_role("status")).to_have_text(words)


def test_the_page_reads_as_what_it_is(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("It is **Rome**."))
    enter(page, deployment)
    asked(page, "Capital?")
    expect(page.get_by_role("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "Capital?" [level=1]
          - log "Conversation":
            - article "Reply of Chat":
              - heading "Reply of Chat" [level=2]
              - paragraph: Ask me.
            - article "You":
              - heading "You" [level=2]
              - text: Capital?
            - article "Reply of Chat":
              - heading "Reply of Chat" [level=2]
              - paragraph:
                - text: It is
                - strong: Rome
                - text: .
          - textbox "Message"
          - button "Send"
        """
    )


def test_who_wants_no_motion_gets_none(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [Gate("never")])
    page.emulate_media(reduced_motion="reduce")
    enter(page, deployment)
    ask(page, "Go")
    dot = last_reply(page).locator("[data-waiting]")
    expect(dot).to_be_visible()
    assert dot.evaluate("(dot) => getComputedStyle(dot).animationIterationCount") == "1"


def test_everything_to_press_is_large_enough(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("```py\nx\n```\n![a](http://x.example/y.png)"))
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply.get_by_role("button", name="Show the image")).to_be_visible()
    expect(reply.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, input, textarea")]
          .filter((element) => element.checkVisibility())
          .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
          .filter(([, { width, height }]) => width < 24 || height < 24)"""
    )
    assert small == []
