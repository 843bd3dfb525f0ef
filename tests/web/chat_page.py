"""The acts of a person on the page, for the tests."""

from __future__ import annotations

from deployment import Deployment
from playwright.sync_api import Locator, Page, expect


def enter(page: Page, deployment: Deployment, path: str = "") -> None:
    """Open the page and wait until something can be sent."""
    page.goto(deployment.url + path)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def ask(page: Page, text: str) -> None:
    """Send a message, once a conversation is open that takes it."""
    expect(page.locator("chat-composer [data-send]")).to_be_enabled()
    page.get_by_role("textbox", name="Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def last_reply(page: Page) -> Locator:
    """Return the reply to the last question; never the greeting, nor an earlier reply while it is awaited."""
    question = "chat-message[data-from=user]"
    return page.locator(f"{question} ~ chat-message[data-from=assistant]:not(:has(~ {question}))").last


def asked(page: Page, text: str, status: str = "done") -> Locator:
    """Ask, wait for the end of the reply, and give the reply, all of which is on the page."""
    questions = page.locator("chat-message[data-from=user]")
    expect(page.locator("chat-composer [data-send]")).to_be_enabled()
    earlier = questions.count()
    ask(page, text)
    expect(questions).to_have_count(earlier + 1)
    answers = "chat-message[data-from=user] + chat-message[data-from=assistant]"
    reply = page.locator(answers).nth(earlier)
    expect(reply).to_have_attribute("data-status", status)
    expect(reply).to_have_attribute("aria-busy", "false")
    return reply


def choose(page: Page, item: str) -> None:
    """Pick from the menu of the open conversation."""
    page.get_by_role("button", name="This conversation").click()
    page.get_by_role("button", name=item).click()
