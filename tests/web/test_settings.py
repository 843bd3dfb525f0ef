"""Theme, size of text, language and direction."""

from __future__ import annotations

import pytest
from chat_page import asked, enter, last_reply
from deployment import WEB, Deployment, message, spoken
from playwright.sync_api import Browser, Page, expect
from starlette.responses import Response

pytestmark = pytest.mark.browser


@pytest.fixture
def chat(page: Page, deployment: Deployment) -> Page:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    return page


def set_to(page: Page, label: str, option: str) -> None:
    page.get_by_role("button", name="Settings").click()
    page.get_by_label(label, exact=True).select_option(option)
    page.get_by_role("button", name="Close").click()


def brightness(page: Page) -> float:
    """Return how light the page is painted, from 0 to 1."""
    return page.evaluate(
        """() => {
          const paint = new OffscreenCanvas(1, 1).getContext("2d")
          paint.fillStyle = getComputedStyle(document.documentElement).backgroundColor
          paint.fillRect(0, 0, 1, 1)
          return paint.getImageData(0, 0, 1, 1).data[0] / 255
        }"""
    )


def test_the_theme_is_the_systems_until_one_is_chosen(chat: Page) -> None:
    assert brightness(chat) > 0.9
    chat.emulate_media(color_scheme="dark")
    assert brightness(chat) < 0.2
    set_to(chat, "Theme", "Light")
    assert brightness(chat) > 0.9
    chat.reload()
    assert brightness(chat) > 0.9
    chat.emulate_media(color_scheme="light")
    expect(chat.get_by_role("button", name="Send")).to_be_enabled()
    set_to(chat, "Theme", "Dark")
    assert brightness(chat) < 0.2


def test_text_grows_with_everything_else(chat: Page) -> None:
    size = "(element) => parseFloat(getComputedStyle(element).fontSize)"
    before = chat.locator("body").evaluate(size)
    set_to(chat, "Text", "Larger")
    assert chat.locator("body").evaluate(size) == pytest.approx(before * 1.35)
    chat.reload()
    assert chat.locator("body").evaluate(size) == pytest.approx(before * 1.35)


def test_the_page_speaks_italian(chat: Page) -> None:
    chat.get_by_role("button", name="Settings").click()
    chat.get_by_label("Language", exact=True).select_option("Italiano")
    expect(chat.get_by_role("textbox", name="Messaggio")).to_be_visible()
    assert chat.locator("html").get_attribute("lang") == "it"
    chat.get_by_role("button", name="Impostazioni").click()
    expect(chat.get_by_role("dialog", name="Impostazioni")).to_contain_text("Istruzioni di sistema")


def test_a_language_is_one_file(browser: Browser, deployment: Deployment) -> None:
    words = (
        'export default { direction: "rtl", words: { "composer.send": "إرسال", "menu.new": "محادثة جديدة" } }'
    )
    deployment.files["js/lang/ar.js"] = Response(words, media_type="text/javascript")
    deployment.chat("Chat", "chat/x", lambda _: [message(output="مرحبا\n\n```py\nx = 1\n```")])
    with browser.new_context(locale="ar-EG") as context:
        page = context.new_page()
        page.goto(deployment.url)
        expect(page.get_by_role("button", name="إرسال")).to_be_enabled()
        assert page.locator("html").get_attribute("dir") == "rtl"
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        menu, room = page.locator("chat-sidebar").bounding_box(), page.locator("main").bounding_box()
        assert menu
        assert room
        assert menu["x"] > room["x"]
        page.get_by_role("textbox", name="Message").fill("?")
        page.keyboard.press("Enter")
        expect(last_reply(page)).to_contain_text("مرحبا")
        expect(last_reply(page).locator("code span").first).to_have_css("direction", "ltr")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_language_nobody_wrote_is_english(browser: Browser, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    with browser.new_context(locale="fi-FI") as context:
        page = context.new_page()
        page.goto(deployment.url)
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "en"


def test_every_language_has_every_sentence(chat: Page) -> None:
    codes = sorted(file.stem for file in (WEB / "js" / "lang").glob("*.js"))
    words = {
        code: chat.evaluate("(code) => import(`/js/lang/${code}.js`).then((m) => m.default.words)", code)
        for code in codes
    }
    assert {"en", "it"} <= set(codes)
    for code in codes:
        assert words[code].keys() == words["en"].keys(), code
        for key, sentence in words[code].items():
            assert sentence.count("{") == words["en"][key].count("{"), (code, key)


def test_text_from_right_to_left_stands_on_the_right(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("عاصمة إيطاليا هي روما."))
    enter(page, deployment)
    text = asked(page, "ما هي العاصمة؟").locator("[data-text] p")
    own = page.locator("chat-message[data-from=user] [data-text]")
    for each in (text, own):
        assert each.evaluate("(text) => getComputedStyle(text).direction") == "rtl"
    page.get_by_role("textbox", name="Message").fill("مرحبا")
    box = page.get_by_role("textbox", name="Message")
    assert box.evaluate("(box) => getComputedStyle(box).direction") == "rtl"


def test_a_long_greeting_is_no_headline(page: Page, deployment: Deployment) -> None:
    deployment.chat("Long", "chat/x", lambda _: [], greeting="Many words of a greeting. " * 20)
    deployment.chat("Short", "chat/y", lambda _: [], greeting="Ask me.")
    enter(page, deployment)
    greeting = page.locator("chat-message[data-opening]")
    size = "(greeting) => parseFloat(getComputedStyle(greeting).fontSize)"
    expect(greeting).to_contain_text("Many words")
    small = greeting.evaluate(size)
    page.get_by_role("button", name="Short", exact=True).click()
    expect(greeting).to_contain_text("Ask me.")
    assert greeting.evaluate(size) > small


@pytest.mark.parametrize("width", [360, 768])
def test_a_small_screen_shows_the_chat_and_keeps_the_menu_at_hand(
    page: Page, deployment: Deployment, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    table = "| " + " | ".join("column" for _ in range(12)) + " |\n" + "|---" * 12 + "|\n"
    deployment.chat(
        "Chat", "chat/x", lambda _: [message(output=f"{table}\n`{'long' * 60}`\n\n```\n{'x' * 300}\n```")]
    )
    deployment.chat("Other", "chat/y", lambda _: [], "Other greeting.")
    enter(page, deployment)
    reply = asked(page, "A question of some length, to see where it goes on a small screen")
    expect(reply.locator("pre code")).to_contain_text("xxx")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    room = page.locator("chat-transcript")
    assert room.evaluate("(room) => room.scrollWidth <= room.clientWidth")
    if width < 768:
        page.get_by_role("button", name="Show the menu").click()
        expect(page.get_by_role("button", name="New chat")).to_be_focused()
        # Nothing of the chat, such as the fade under its bar, may lie over what dims it.
        assert page.locator("main").evaluate("(main) => getComputedStyle(main).isolation") == "isolate"
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Show the menu")).to_be_focused()
        page.get_by_role("button", name="Show the menu").click()
    page.get_by_role("button", name="Other").click()
    expect(page.get_by_text("Other greeting.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_be_in_viewport()
