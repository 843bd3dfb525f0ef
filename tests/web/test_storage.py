"""A browser that keeps nothing, or answers never: the chat works, and a line says what is not kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from chat_page import asked, enter
from deployment import Body, Deployment, spoken
from playwright.sync_api import Browser, Page, expect

from bench.subjects.page import CHROMIUM_ARGUMENTS

pytestmark = pytest.mark.browser

NO_CONVERSATIONS = "This browser keeps no conversations"
NO_SETTINGS = "This browser does not keep your settings"
NO_LOGIN = "This browser does not keep your login"
LINES = {NO_CONVERSATIONS, NO_SETTINGS, NO_LOGIN}


def missing(name: str) -> str:
    return f"Object.defineProperty(window, '{name}', {{ value: undefined }})"


def refused(name: str) -> str:
    problem = "new DOMException('Access is denied', 'SecurityError')"
    return f"Object.defineProperty(window, '{name}', {{ get() {{ throw {problem} }} }})"


def full(name: str) -> str:
    return f"""
      const {{ setItem }} = Storage.prototype
      Storage.prototype.setItem = function (...args) {{
        if (this === {name}) throw new DOMException("full", "QuotaExceededError")
        setItem.apply(this, args)
      }}"""


def throwing(what: str, problem: str) -> str:
    return f"{what} = () => {{ throw new DOMException('no', '{problem}') }}"


STORAGE = {
    "localStorage missing": (missing("localStorage"), {NO_SETTINGS}),
    "localStorage refused": (refused("localStorage"), {NO_SETTINGS}),
    "localStorage full": (full("localStorage"), {NO_SETTINGS}),
    "localStorage with what is not ours": (
        """localStorage.setItem("mastrogpt-preferences", "{")
           localStorage.setItem("mastrogpt-unsaved:x", "[]")
           localStorage.setItem("mastrogpt-unsaved:y", "null")""",
        set[str](),
    ),
    "localStorage with a preference that is nothing": (
        'localStorage.setItem("mastrogpt-preferences", "null")',
        set[str](),
    ),
    "sessionStorage missing": (missing("sessionStorage"), {NO_LOGIN}),
    "sessionStorage refused": (refused("sessionStorage"), {NO_LOGIN}),
    "sessionStorage full": (full("sessionStorage"), {NO_LOGIN}),
    "sessionStorage with what is not ours": (
        'sessionStorage.setItem("mastrogpt-session", "x")',
        set[str](),
    ),
    "indexedDB missing": (missing("indexedDB"), {NO_CONVERSATIONS}),
    "indexedDB refused": (refused("indexedDB"), {NO_CONVERSATIONS}),
    "indexedDB refused when opened": (
        throwing("IDBFactory.prototype.open", "SecurityError"),
        {NO_CONVERSATIONS},
    ),
    "indexedDB of a newer page": (
        "const { open } = IDBFactory.prototype\n"
        "open.call(indexedDB, 'mastrogpt', 99)\n"
        "IDBFactory.prototype.open = function (name) { return open.call(this, name, 1) }",
        {NO_CONVERSATIONS},
    ),
    "indexedDB full": (throwing("IDBObjectStore.prototype.put", "QuotaExceededError"), {NO_CONVERSATIONS}),
    "indexedDB full when it is written": (
        """const { put } = IDBObjectStore.prototype
           IDBObjectStore.prototype.put = function (record) {
             const request = put.call(this, record)
             this.transaction.abort()
             return request
           }""",
        {NO_CONVERSATIONS},
    ),
    "indexedDB closed": (
        throwing("IDBDatabase.prototype.transaction", "InvalidStateError"),
        {NO_CONVERSATIONS},
    ),
    "indexedDB silent when opened": (
        "IDBFactory.prototype.open = () => new EventTarget()",
        {NO_CONVERSATIONS},
    ),
    "indexedDB silent when read": (
        "IDBObjectStore.prototype.getAll = () => new EventTarget()",
        {NO_CONVERSATIONS},
    ),
    "indexedDB silent when written": (
        "IDBTransaction.prototype.addEventListener = () => {}",
        {NO_CONVERSATIONS},
    ),
    "BroadcastChannel missing": ("delete window.BroadcastChannel", set[str]()),
    "BroadcastChannel refused": (
        "window.BroadcastChannel = function () { throw new DOMException('no', 'SecurityError') }",
        set[str](),
    ),
    "BroadcastChannel silent": ("BroadcastChannel.prototype.postMessage = () => {}", set[str]()),
    "Worker missing": ("delete window.Worker", set[str]()),
    "Worker refused": (
        "window.Worker = function () { throw new DOMException('no', 'SecurityError') }",
        set[str](),
    ),
}


def answers(body: Body) -> Body:
    allowed = body.get("token") == "t0ken"
    return {"output": "Ask me.", "streaming": True} if allowed else {"output": "Log in.", "login": True}


def with_login(deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda body: spoken(f"Answer to {body['input']}.\n\n```py\nx = 1\n```"))
    deployment.asked["chat/x"] = answers
    deployment.asked["mastrogpt/login"] = lambda _: {"authenticated": True, "token": "t0ken"}


def the_chat_works(page: Page, deployment: Deployment) -> None:
    """Log in, ask twice, go to another conversation and back."""
    enter(page, deployment)
    dialog = page.get_by_role("dialog", name="Log in")
    dialog.get_by_label("Name").fill("pinocchio")
    dialog.get_by_label("Password").fill("geppetto")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Ask me.")).to_be_visible()
    expect(asked(page, "First")).to_contain_text("Answer to First.")
    expect(asked(page, "Second").locator("code")).to_have_text("x = 1")
    page.get_by_role("button", name="New chat").click()
    expect(asked(page, "Third")).to_contain_text("Answer to Third.")
    page.locator("[data-conversations]").get_by_role("button", name="First").click()
    replies = page.locator("chat-message[data-from=assistant]:not([data-opening])")
    expect(replies).to_contain_text(["Answer to First.", "Answer to Second."])


@pytest.mark.parametrize(("script", "said"), STORAGE.values(), ids=STORAGE)
def test_the_chat_works_whatever_the_browser_keeps_and_says_what_it_does_not(
    page: Page, deployment: Deployment, script: str, said: set[str]
) -> None:
    page.add_init_script(script)
    with_login(deployment)
    the_chat_works(page, deployment)
    line = page.locator("[data-unkept]")
    for words in said:
        expect(line).to_contain_text(words)
    for words in LINES - said:
        expect(line).not_to_contain_text(words)


def test_a_setting_that_is_not_kept_is_followed_as_long_as_the_page_lives(
    page: Page, deployment: Deployment
) -> None:
    page.add_init_script(refused("localStorage"))
    deployment.chat("Chat", "chat/x", lambda _: spoken("Roma."))
    enter(page, deployment)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Theme").select_option("dark")
    page.get_by_label("Language").select_option("it")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "it")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Nuova chat")).to_be_visible()


def test_the_chat_works_in_a_browser_that_blocks_cookies(
    browser: Browser, deployment: Deployment, tmp_path: Path
) -> None:
    """With which Chromium blocks every storage."""
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    profile = tmp_path / "Default"
    profile.mkdir()
    (profile / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
    with_login(deployment)
    with browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=shutil.which("chromium"), args=[*CHROMIUM_ARGUMENTS], locale="en-GB"
    ) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        the_chat_works(page, deployment)
        blocked = "() => { try { localStorage; return false } catch { return true } }"
        assert page.evaluate(blocked)
        expect(page.locator("[data-unkept]")).to_contain_text(NO_CONVERSATIONS)
        expect(page.locator("[data-unkept]")).to_contain_text(NO_SETTINGS)
        expect(page.locator("[data-unkept]")).to_contain_text(NO_LOGIN)
        assert errors == []
