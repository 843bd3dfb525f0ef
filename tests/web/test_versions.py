"""What was asked or answered again stands beside what it was said instead of, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chat_page import ask, asked, choose, enter, last_reply
from deployment import Deployment, Gate, message, spoken
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def chat(page: Page, deployment: Deployment) -> Page:
    """Provide a chat that counts its answers, each with a state of its own."""
    number = iter(range(1, 10))

    def steps(_: object) -> list[bytes]:
        at = next(number)
        return [message(output=f"Answer {at}."), message(state=f"s{at}")]

    deployment.chat("Chat", "chat/x", steps)
    enter(page, deployment)
    return page


def again(page: Page, message: Locator, answer: str) -> None:
    message.hover()
    message.get_by_role("button", name="Answer again").click()
    expect(last_reply(page).locator("[data-text]")).to_have_text(answer)
    expect(last_reply(page)).to_have_attribute("data-status", "done")


def texts(page: Page) -> Locator:
    """Return all that was said, greeting apart."""
    return page.locator("chat-message:not([data-opening]) [data-text]")


def test_a_reply_is_given_again_and_the_earlier_one_is_kept(chat: Page, deployment: Deployment) -> None:
    asked(chat, "Go")
    asked(chat, "More")
    again(chat, last_reply(chat), "Answer 3.")
    expect(texts(chat)).to_have_text(["Go", "Answer 1.", "More", "Answer 3."])
    assert deployment.said("chat/x")[-1]["state"] == "s1"
    assert [turn["content"] for turn in deployment.said("chat/x")[-1]["history"]] == ["Go", "Answer 1."]
    expect(last_reply(chat).locator("[data-version]")).to_have_text("2/2")
    expect(last_reply(chat).get_by_role("button", name="Next version")).to_be_disabled()
    last_reply(chat).get_by_role("button", name="Previous version").click()
    expect(texts(chat)).to_have_text(["Go", "Answer 1.", "More", "Answer 2."])
    expect(last_reply(chat).locator("[data-version]")).to_have_text("1/2")
    expect(chat.get_by_role("status")).to_have_text("Version 1 of 2")


def test_what_is_said_next_goes_on_from_the_version_that_is_shown(chat: Page, deployment: Deployment) -> None:
    asked(chat, "Go")
    again(chat, last_reply(chat), "Answer 2.")
    last_reply(chat).get_by_role("button", name="Previous version").click()
    expect(texts(chat)).to_have_text(["Go", "Answer 1."])
    asked(chat, "And?")
    assert deployment.said("chat/x")[-1]["state"] == "s1"
    assert [turn["content"] for turn in deployment.said("chat/x")[-1]["history"]] == ["Go", "Answer 1."]
    chat.locator("chat-message[data-from=assistant]").nth(1).get_by_role(
        "button", name="Next version"
    ).click()
    expect(texts(chat)).to_have_text(["Go", "Answer 2."])
    last_reply(chat).get_by_role("button", name="Previous version").click()
    expect(texts(chat)).to_have_text(["Go", "Answer 1.", "And?", "Answer 3."])


def test_versions_are_there_after_a_reload_and_the_chosen_one_is_shown(chat: Page) -> None:
    asked(chat, "Go")
    again(chat, last_reply(chat), "Answer 2.")
    last_reply(chat).get_by_role("button", name="Previous version").click()
    expect(texts(chat)).to_have_text(["Go", "Answer 1."])
    chat.reload()
    expect(texts(chat)).to_have_text(["Go", "Answer 1."])
    last_reply(chat).get_by_role("button", name="Next version").click()
    expect(texts(chat)).to_have_text(["Go", "Answer 2."])


def test_an_earlier_message_is_edited_and_what_followed_it_is_kept(
    chat: Page, deployment: Deployment
) -> None:
    asked(chat, "Turin")
    asked(chat, "more")
    first = chat.locator("chat-message[data-from=user]").first
    first.hover()
    first.get_by_role("button", name="Edit the message").click()
    box = first.get_by_role("textbox")
    expect(box).to_be_focused()
    box.fill("Venice")
    chat.keyboard.press("Enter")
    expect(texts(chat)).to_have_text(["Venice", "Answer 3."])
    assert deployment.said("chat/x")[-1]["history"] == []
    chat.locator("chat-message[data-from=user]").get_by_role("button", name="Previous version").click()
    expect(texts(chat)).to_have_text(["Turin", "Answer 1.", "more", "Answer 2."])


def test_an_edit_is_given_up_with_escape_and_the_focus_goes_back(chat: Page) -> None:
    asked(chat, "Capital?")
    chat.get_by_role("textbox", name="Message", exact=True).press("ArrowUp")
    expect(chat.get_by_role("textbox", name="Edit the message")).to_be_focused()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("textbox", name="Edit the message")).to_have_count(0)
    expect(texts(chat)).to_have_text(["Capital?", "Answer 1."])
    expect(chat.get_by_role("textbox", name="Message", exact=True)).to_be_focused()


def test_keys_that_follow_each_other_at_once_all_turn(chat: Page) -> None:
    asked(chat, "Go")
    again(chat, last_reply(chat), "Answer 2.")
    again(chat, last_reply(chat), "Answer 3.")
    last_reply(chat).get_by_role("button", name="Previous version").evaluate(
        "(button) => { button.click(); document.activeElement.click() }"
    )
    expect(texts(chat)).to_have_text(["Go", "Answer 1."])


def test_versions_are_turned_with_the_keyboard(chat: Page) -> None:
    asked(chat, "Go")
    again(chat, last_reply(chat), "Answer 2.")
    again(chat, last_reply(chat), "Answer 3.")
    last_reply(chat).get_by_role("button", name="Previous version").focus()
    for answer in ("Answer 2.", "Answer 1."):
        chat.keyboard.press("Enter")
        expect(texts(chat)).to_have_text(["Go", answer])
    expect(last_reply(chat).get_by_role("button", name="Next version")).to_be_focused()
    chat.keyboard.press("Enter")
    expect(texts(chat)).to_have_text(["Go", "Answer 2."])
    expect(last_reply(chat).get_by_role("button", name="Next version")).to_be_focused()


def test_a_reply_that_failed_with_nothing_leaves_no_version(page: Page, deployment: Deployment) -> None:
    tries = iter([[b"not ok (503 Service Unavailable)\n"], spoken("All good.")])
    deployment.chat("Chat", "chat/x", lambda _: next(tries))
    enter(page, deployment)
    asked(page, "Go", "failed").get_by_role("button", name="Retry").click()
    expect(texts(page)).to_have_text(["Go", "All good."])
    expect(last_reply(page).locator("[data-versions]")).to_be_hidden()
    page.reload()
    expect(texts(page)).to_have_text(["Go", "All good."])
    expect(last_reply(page).locator("[data-versions]")).to_be_hidden()


def test_a_second_tab_shows_the_same_version(chat: Page) -> None:
    asked(chat, "Go")
    other = chat.context.new_page()
    other.goto(chat.url)
    expect(texts(other)).to_have_text(["Go", "Answer 1."])
    again(chat, last_reply(chat), "Answer 2.")
    expect(texts(other)).to_have_text(["Go", "Answer 2."])
    expect(last_reply(other).locator("[data-version]")).to_have_text("2/2")
    last_reply(other).get_by_role("button", name="Previous version").click()
    expect(texts(chat)).to_have_text(["Go", "Answer 1."])


def test_another_version_is_read_while_a_reply_is_written(page: Page, deployment: Deployment) -> None:
    replies = iter([spoken("One."), spoken("Two."), [*spoken("begun "), Gate("rest"), *spoken("and ended.")]])
    deployment.chat("Chat", "chat/x", lambda _: next(replies))
    enter(page, deployment)
    again(page, asked(page, "Go"), "Two.")
    ask(page, "More")
    expect(last_reply(page)).to_contain_text("begun")
    first = page.locator("chat-message[data-from=assistant]:not([data-opening])").first
    first.get_by_role("button", name="Previous version").click()
    expect(texts(page)).to_have_text(["Go", "One."])
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    deployment.open("rest")
    first.get_by_role("button", name="Next version").click()
    expect(texts(page)).to_have_text(["Go", "Two.", "More", "begun and ended."])


def test_an_export_holds_every_version(chat: Page, tmp_path: Path) -> None:
    asked(chat, "Go")
    again(chat, last_reply(chat), "Answer 2.")
    with chat.expect_download() as download:
        choose(chat, "Export as JSON")
    file = tmp_path / "go.json"
    download.value.save_as(file)
    data = json.loads(file.read_text(encoding="utf-8"))
    question, shown = data["messages"]
    (other,) = data["otherVersions"]
    assert (shown["content"], other["content"]) == ("Answer 2.", "Answer 1.")
    assert shown["parent"] == other["parent"] == question["id"]


def test_a_conversation_of_an_older_page_is_shown_whole(chat: Page) -> None:
    asked(chat, "Go")
    asked(chat, "More")
    chat.evaluate(
        """() => new Promise((resolve) => {
          const open = indexedDB.open("mastrogpt")
          open.onsuccess = () => {
            const change = open.result.transaction("messages", "readwrite")
            const store = change.objectStore("messages")
            store.getAll().onsuccess = ({ target }) => {
              for (const { parent, ...message } of target.result) store.put(message)
            }
            change.oncomplete = resolve
          }
        })"""
    )
    chat.reload()
    expect(texts(chat)).to_have_text(["Go", "Answer 1.", "More", "Answer 2."])
    ask(chat, "Then?")
    expect(texts(chat)).to_have_text(["Go", "Answer 1.", "More", "Answer 2.", "Then?", "Answer 3."])
