"""What a person does on the page, for the tests."""

from __future__ import annotations

from deployment import Deployment
from playwright.sync_api import Locator, Page, expect


def enter(page: Page, deployment: Deployment, path: str = "") -> None:
    """Open the page and wait until something can be sent."""
    page.goto(deployment.url + path)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def ask(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def last_reply(page: Page) -> Locator:
    return page.locator("chat-message[data-from=assistant]").last


def asked(page: Page, text: str, status: str = "done") -> Locator:
    """Ask, wait for the end of the reply, and give the reply."""
    before = page.locator("chat-message").count()
    ask(page, text)
    expect(page.locator("chat-message")).to_have_count(before + 2)
    expect(last_reply(page)).to_have_attribute("data-status", status)
    return last_reply(page)


def choose(page: Page, item: str) -> None:
    """Pick from the menu of the open conversation."""
    page.get_by_role("button", name="This conversation").click()
    page.get_by_role("button", name=item).click()
