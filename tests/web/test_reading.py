"""The page follows the end of a reply only while the reader is there, and moves nobody who is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chat_page import ask, asked, enter, last_reply
from deployment import Deployment, Gate, Step, message, spoken
from playwright.sync_api import JSHandle, Page, expect

pytestmark = pytest.mark.browser

LONG = "".join(f"Paragraph {at} with some words.\n\n" for at in range(40))
# Less than a person sees: browsers round where fonts and frames meet.
HARDLY_PX = 2
AWAY = "(room) => Math.round(room.scrollHeight - room.scrollTop - room.clientHeight)"


def in_parts(count: int) -> list[Step]:
    """Return a long beginning, then parts that each wait for their gate."""
    steps: list[Step] = [message(output=LONG)]
    for at in range(count):
        steps += [Gate(f"{at}"), message(output=f"{LONG}part {at} is here\n\n")]
    return steps


@pytest.fixture
def streaming(page: Page, deployment: Deployment) -> Page:
    """Provide a page in the middle of a long reply, at its end."""
    deployment.chat("Chat", "chat/x", lambda _: in_parts(3))
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("Paragraph 39")
    page.wait_for_function(f"() => ({AWAY})(document.querySelector('chat-transcript')) <= 1")
    return page


def test_the_end_stays_in_sight(streaming: Page, deployment: Deployment) -> None:
    for at in range(3):
        deployment.open(f"{at}")
        expect(last_reply(streaming)).to_contain_text(f"part {at} is here")
        streaming.wait_for_function(f"() => ({AWAY})(document.querySelector('chat-transcript')) <= 1")
    expect(streaming.get_by_role("button", name="Jump to the end")).to_be_hidden()


Move = Callable[[Page], None]
MOVES: dict[str, Move] = {
    "wheel": lambda page: page.mouse.wheel(0, -40),
    "page up": lambda page: page.locator("chat-transcript").press("PageUp"),
    "arrow up": lambda page: page.locator("chat-transcript").press("ArrowUp"),
    "home": lambda page: page.locator("chat-transcript").press("Home"),
    "scroll bar": lambda page: page.locator("chat-transcript").evaluate(
        "(room) => { room.dispatchEvent(new PointerEvent('pointerdown')); room.scrollTop -= 15 }"
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_who_moves_up_is_left_there(streaming: Page, deployment: Deployment, move: Move) -> None:
    streaming.locator("chat-transcript").hover()
    top = streaming.locator("chat-transcript").evaluate("(room) => room.scrollTop")
    move(streaming)
    streaming.wait_for_function("(top) => document.querySelector('chat-transcript').scrollTop < top", arg=top)
    jump = streaming.get_by_role("button", name="Jump to the end")
    expect(jump).to_be_visible()
    settled(streaming)
    read = line_being_read(streaming)
    stays = height_of(read)
    for at in range(3):
        deployment.open(f"{at}")
        expect(last_reply(streaming)).to_contain_text(f"part {at} is here")
    expect(last_reply(streaming)).to_have_attribute("aria-busy", "false")
    assert height_of(read) == pytest.approx(stays, abs=HARDLY_PX)
    jump.click()
    streaming.wait_for_function(f"() => ({AWAY})(document.querySelector('chat-transcript')) <= 1")
    expect(jump).to_be_hidden()


def line_being_read(page: Page) -> JSHandle:
    """Return the paragraph of the reply that is in the middle of the window."""
    return page.evaluate_handle(
        """() => {
          const { top, height } = document.querySelector("chat-transcript").getBoundingClientRect()
          const far = (p) => Math.abs(p.getBoundingClientRect().top - top - height / 2)
          return [...document.querySelectorAll("[data-text] p")].sort((a, b) => far(a) - far(b))[0]
        }"""
    )


def height_of(line: JSHandle) -> float:
    return line.evaluate("(line) => line.getBoundingClientRect().top")


def settled(page: Page) -> None:
    """Wait until scrolling, which may be smooth, is over: until many frames were drawn in one place."""
    page.evaluate(
        """() => new Promise((resolve) => {
          const room = document.querySelector("chat-transcript")
          let last = NaN
          let frames = 0
          const look = () => {
            frames = room.scrollTop === last ? frames + 1 : 0
            last = room.scrollTop
            if (frames === 30) resolve()
            else requestAnimationFrame(look)
          }
          look()
        })"""
    )


def test_who_comes_back_to_the_end_is_taken_along_again(streaming: Page, deployment: Deployment) -> None:
    room = streaming.locator("chat-transcript")
    room.press("Home")
    expect(streaming.get_by_role("button", name="Jump to the end")).to_be_visible()
    settled(streaming)
    room.press("End")
    expect(streaming.get_by_role("button", name="Jump to the end")).to_be_hidden()
    deployment.open("0")
    expect(last_reply(streaming)).to_contain_text("part 0 is here")
    streaming.wait_for_function(f"() => ({AWAY})(document.querySelector('chat-transcript')) <= 1")


def test_folding_and_growing_above_does_not_move_what_is_read(page: Page, deployment: Deployment) -> None:
    steps = [message(thinking=LONG), *spoken(LONG), Gate("more"), *spoken(LONG)]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("Paragraph 39")
    settled(page)  # what still comes would be followed, whatever was pressed
    page.locator("chat-transcript").press("Home")
    paragraph = last_reply(page).locator("[data-text] p").nth(20)
    expect(page.get_by_role("button", name="Jump to the end")).to_be_visible()
    paragraph.scroll_into_view_if_needed()
    settled(page)
    before = paragraph.bounding_box()
    assert before
    deployment.open("more")
    expect(last_reply(page)).to_have_attribute("data-status", "done")
    expect(last_reply(page)).to_have_attribute("aria-busy", "false")
    after = paragraph.bounding_box()
    assert after
    assert after["y"] == pytest.approx(before["y"], abs=HARDLY_PX)


def test_a_message_of_ones_own_is_always_shown(page: Page, deployment: Deployment) -> None:
    replies = iter([spoken(LONG), [Gate("never")]])
    deployment.chat("Chat", "chat/x", lambda _: next(replies))
    enter(page, deployment)
    asked(page, "First")
    page.locator("chat-transcript").press("Home")
    expect(page.get_by_role("button", name="Jump to the end")).to_be_visible()
    settled(page)
    ask(page, "Second")
    expect(page.locator("chat-message[data-from=user]").last).to_be_in_viewport()


def test_a_message_sent_while_the_reader_still_moves_up_is_followed(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat(
        "Chat", "chat/x", lambda _: [message(output=LONG), Gate("more"), message(output=LONG + "end")]
    )
    enter(page, deployment)
    deployment.open("more")
    asked(page, "First")
    deployment.gates.clear()
    page.get_by_role("textbox", name="Message").fill("Second")
    page.locator("chat-transcript").press("Home")
    page.keyboard.press("Alt+KeyM")
    page.keyboard.press("Enter")
    expect(page.locator("chat-message[data-from=user]")).to_have_count(2)
    deployment.open("more")
    expect(last_reply(page)).to_have_attribute("aria-busy", "false")
    page.wait_for_function(f"() => ({AWAY})(document.querySelector('chat-transcript')) <= 1")
    expect(page.get_by_role("button", name="Jump to the end")).to_be_hidden()


def test_a_smaller_window_keeps_the_end_in_sight(streaming: Page) -> None:
    streaming.set_viewport_size({"width": 400, "height": 500})
    streaming.wait_for_function(f"() => ({AWAY})(document.querySelector('chat-transcript')) <= 1")
