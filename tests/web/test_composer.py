"""Writing, sending and the keyboard."""

from __future__ import annotations

import pytest
from chat_page import ask, asked, enter, last_reply
from deployment import Deployment, Gate, spoken
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def chat(page: Page, deployment: Deployment) -> Page:
    deployment.chat("Chat", "chat/x", lambda body: spoken(f"Heard {body['input']}"))
    enter(page, deployment)
    page.get_by_role("textbox", name="Message").focus()
    return page


def sent(deployment: Deployment) -> list[str]:
    return [body["input"] for body in deployment.said("chat/x")]


def test_enter_sends_and_shift_enter_makes_a_line(chat: Page, deployment: Deployment) -> None:
    box = chat.get_by_role("textbox", name="Message")
    low = box.bounding_box()
    chat.keyboard.type("one")
    chat.keyboard.press("Shift+Enter")
    chat.keyboard.type("two")
    expect(box).to_have_value("one\ntwo")
    tall = box.bounding_box()
    assert low
    assert tall
    assert tall["height"] > low["height"]
    chat.keyboard.press("Enter")
    expect(chat.locator("chat-message[data-from=user]")).to_have_count(1)
    expect(last_reply(chat)).to_have_attribute("data-status", "done")
    assert sent(deployment) == ["one\ntwo"]
    expect(box).to_have_value("")
    expect(box).to_be_focused()


def test_enter_while_an_input_method_composes_sends_nothing(chat: Page, deployment: Deployment) -> None:
    box = chat.get_by_role("textbox", name="Message")
    cdp = chat.context.new_cdp_session(chat)
    cdp.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    for event in (
        {"isComposing": True, "keyCode": 13},
        {"isComposing": False, "keyCode": 229},
        {"isComposing": True, "keyCode": 229},
    ):
        box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, "cancelable": True, **event})
    cdp.send("Input.insertText", {"text": "日本"})
    expect(box).to_have_value("日本")
    assert sent(deployment) == []
    chat.keyboard.press("Enter")
    expect(last_reply(chat)).to_contain_text("Heard 日本")


def test_enter_while_an_input_method_composes_an_edit_sends_nothing(
    chat: Page, deployment: Deployment
) -> None:
    asked(chat, "First")
    chat.keyboard.press("ArrowUp")
    box = chat.get_by_role("textbox", name="Edit the message")
    expect(box).to_be_focused()
    box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, "isComposing": True, "keyCode": 13})
    box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, "keyCode": 229})
    expect(box).to_be_focused()
    assert sent(deployment) == ["First"]


def test_what_is_typed_during_a_reply_waits(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one "), Gate("rest")])
    enter(page, deployment)
    ask(page, "First")
    expect(last_reply(page)).to_contain_text("one")
    ask(page, "Second")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Second")
    deployment.open("rest")
    expect(last_reply(page)).to_have_attribute("data-status", "done")
    page.keyboard.press("Enter")
    expect(page.locator("chat-message[data-from=user]")).to_have_count(2)


def test_what_is_typed_while_nothing_has_the_focus_goes_into_the_box(chat: Page) -> None:
    box = chat.get_by_role("textbox", name="Message")
    box.blur()
    chat.keyboard.type("Hello you")
    expect(box).to_have_value("Hello you")
    chat.get_by_role("button", name="New chat").focus()
    chat.keyboard.type("x")
    expect(box).to_have_value("Hello you")


def test_nothing_is_sent_from_an_empty_box(chat: Page, deployment: Deployment) -> None:
    chat.keyboard.type("   ")
    chat.keyboard.press("Enter")
    expect(chat.locator("chat-message")).to_have_count(1)
    assert sent(deployment) == []


def test_everything_is_reached_with_the_keyboard(chat: Page, deployment: Deployment) -> None:
    deployment.streamed["chat/x"] = lambda _: [*spoken("one "), Gate("never")]
    ask(chat, "Long")
    expect(last_reply(chat)).to_contain_text("one")
    chat.keyboard.press("Escape")
    expect(last_reply(chat)).to_have_attribute("data-status", "stopped")
    chat.keyboard.press("Alt+ArrowUp")
    expect(last_reply(chat)).to_be_focused()
    chat.keyboard.press("Alt+ArrowUp")
    expect(chat.locator("chat-message[data-from=user]")).to_be_focused()
    chat.keyboard.press("Alt+ArrowDown")
    expect(last_reply(chat)).to_be_focused()
    chat.keyboard.press("Alt+KeyM")
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()
    chat.keyboard.press("Control+KeyK")
    expect(chat.get_by_role("searchbox")).to_be_focused()
    chat.keyboard.press("Alt+KeyN")
    expect(chat.locator("chat-message")).to_have_count(1)
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()


def test_the_help_sheet_lists_every_shortcut(chat: Page) -> None:
    chat.keyboard.press("Control+Slash")
    sheet = chat.get_by_role("dialog", name="Keyboard")
    known = chat.evaluate("import('/js/shortcuts.js').then(({ SHORTCUTS }) => SHORTCUTS.length)")
    expect(sheet.locator("dd")).to_have_count(known + 3)
    chat.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()


def test_the_focus_goes_through_the_page_in_reading_order(chat: Page) -> None:
    asked(chat, "Hello")
    chat.reload()
    expect(last_reply(chat)).to_have_attribute("data-status", "done")
    seen = []
    for _ in range(30):
        chat.keyboard.press("Tab")
        seen.append(
            chat.evaluate(
                """() => {
                  const { activeElement: at } = document
                  return at.getAttribute("aria-label") || at.textContent.trim() || at.tagName
                }"""
            )
        )
        if seen[-1] == "Message":
            break
    assert seen[0] == "Skip to the message box"
    order = ["New chat", "Chat", "Search", "Hello", "Settings", "This conversation", "Conversation"]
    places = [seen.index(name) for name in order]
    assert places == sorted(places), seen
    assert seen[-1] == "Message"


def test_the_skip_link_leads_to_the_box_and_leaves_the_conversation_open(chat: Page) -> None:
    asked(chat, "Hello")
    chat.reload()
    expect(last_reply(chat)).to_have_attribute("aria-busy", "false")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Enter")
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()
    expect(last_reply(chat)).to_contain_text("Heard Hello")


def test_escape_closes_a_menu_and_only_the_next_one_stops_the_reply(
    chat: Page, deployment: Deployment
) -> None:
    deployment.streamed["chat/x"] = lambda _: [*spoken("one "), Gate("never")]
    ask(chat, "Long")
    expect(last_reply(chat)).to_contain_text("one")
    menu = chat.get_by_role("button", name="This conversation")
    menu.press("Enter")
    expect(chat.get_by_role("button", name="Rename")).to_be_visible()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("button", name="Rename")).to_be_hidden()
    expect(menu).to_be_focused()
    expect(last_reply(chat)).to_have_attribute("data-status", "streaming")
    chat.keyboard.press("Escape")
    expect(last_reply(chat)).to_have_attribute("data-status", "stopped")


def test_a_shortcut_closes_a_menu_that_is_open(chat: Page) -> None:
    asked(chat, "Hello")
    chat.get_by_role("button", name="This conversation").press("Enter")
    expect(chat.get_by_role("button", name="Rename")).to_be_visible()
    chat.keyboard.press("Control+KeyK")
    expect(chat.get_by_role("searchbox")).to_be_focused()
    expect(chat.get_by_role("button", name="Rename")).to_be_hidden()


def test_a_conversation_is_found_and_opened_from_the_search_box(chat: Page) -> None:
    asked(chat, "About Venice")
    chat.keyboard.press("Alt+KeyN")
    asked(chat, "About Turin")
    chat.keyboard.press("Control+KeyK")
    chat.keyboard.type("venice")
    expect(chat.locator("[data-conversations] button")).to_have_text(["About Venice"])
    chat.keyboard.press("Enter")
    expect(last_reply(chat)).to_contain_text("Heard About Venice")
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()
    chat.keyboard.press("Control+KeyK")
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("searchbox")).to_have_value("")
    expect(chat.locator("[data-conversations] button")).to_have_count(2)
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()


def test_the_focus_comes_back_from_a_dialog(chat: Page) -> None:
    asked(chat, "Hello")
    menu = chat.get_by_role("button", name="This conversation")
    menu.press("Enter")
    chat.get_by_role("button", name="Rename").press("Enter")
    expect(chat.get_by_role("dialog")).to_be_visible()
    chat.keyboard.press("Escape")
    expect(menu).to_be_focused()
    menu.press("Enter")
    chat.get_by_role("button", name="Delete").press("Enter")
    chat.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(chat.locator("[data-conversations] button")).to_have_count(0)
    expect(chat.get_by_role("textbox", name="Message")).to_be_focused()


def test_a_touch_screen_gets_large_targets_and_no_keyboard_unasked(
    browser: Browser, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    with browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, locale="en-GB"
    ) as context:
        page = context.new_page()
        enter(page, deployment)
        reply = asked(page, "Capital?")
        page.get_by_role("button", name="Show the menu").tap()
        page.locator("[data-conversations] button").tap()
        expect(reply).to_contain_text("Rome.")
        expect(page.get_by_role("textbox", name="Message")).not_to_be_focused()
        page.get_by_role("button", name="This conversation").tap()
        page.get_by_role("button", name="Rename").tap()
        expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Show the menu").tap()
        page.get_by_role("button", name="Settings").tap()
        expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
        expect(page.get_by_role("heading", name="Settings")).to_be_focused()
        page.keyboard.press("Escape")
        small = page.evaluate(
            """() => [...document.querySelectorAll("main button:not(.versions button)")]
              .filter((button) => button.checkVisibility())
              .map((button) => [button.outerHTML.slice(0, 80), button.getBoundingClientRect().height])
              .filter(([, height]) => height < 44)"""
        )
        assert small == []


def test_the_box_is_low_again_after_sending_where_it_does_not_grow_by_itself(
    page: Page, deployment: Deployment
) -> None:
    """As in WebKit, which knows no `field-sizing`."""
    page.add_init_script(
        """const supports = CSS.supports.bind(CSS)
           CSS.supports = (...asked) => !asked.join().includes("field-sizing") && supports(...asked)
           addEventListener("DOMContentLoaded", () => {
             document.querySelector("textarea").style.fieldSizing = "fixed"
           })"""
    )
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    box = page.get_by_role("textbox", name="Message")
    low = box.evaluate("(box) => box.offsetHeight")
    box.press_sequentially("one")
    for line in ("two", "three", "four"):
        box.press("Shift+Enter")
        box.press_sequentially(line)
    assert box.evaluate("(box) => box.offsetHeight") > 2 * low
    box.press("Enter")
    expect(last_reply(page)).to_contain_text("Rome.")
    assert box.evaluate("(box) => box.offsetHeight") == low


@pytest.mark.parametrize(
    ("typed", "what_is_sent"),
    [
        ("    if x:\n        y", "    if x:\n        y"),
        ("\n  \n\tindented\n\n", "\tindented"),
        ("  word  ", "  word"),
    ],
)
@pytest.mark.parametrize("box", ["the box", "an edit"])
def test_the_indent_of_the_first_line_is_sent(
    chat: Page, deployment: Deployment, typed: str, what_is_sent: str, box: str
) -> None:
    if box == "an edit":
        asked(chat, "First")
        chat.keyboard.press("ArrowUp")
        chat.get_by_role("textbox", name="Edit the message").fill(typed)
    else:
        chat.get_by_role("textbox", name="Message").fill(typed)
    chat.keyboard.press("Enter")
    expect(last_reply(chat)).to_have_attribute("data-status", "done")
    assert sent(deployment)[-1] == what_is_sent
