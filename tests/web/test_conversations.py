"""Conversations are kept in the browser, survive a reload in mid-reply, and are the same in all tabs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from chat_page import ask, asked, choose, enter, last_reply
from deployment import DEADLINE_S, Deployment, Gate, Pause, message, spoken
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def history(page: Page) -> Locator:
    return page.locator("[data-conversations] button")


def test_a_conversation_is_there_after_a_reload(page: Page, deployment: Deployment) -> None:
    deployment.chat(
        "Chat", "chat/x", lambda body: [*spoken(f"Answer to {body['input']}"), message(state="s1")]
    )
    enter(page, deployment)
    asked(page, "My question")
    page.reload()
    expect(last_reply(page)).to_contain_text("Answer to My question")
    asked(page, "Another")
    assert deployment.said("chat/x")[-1]["state"] == "s1"
    assert len(deployment.said("chat/x")[-1]["history"]) == 2


def test_conversations_are_listed_newest_first_and_open_with_a_click(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda body: spoken(f"Answer to {body['input']}"))
    enter(page, deployment)
    asked(page, "First one")
    page.get_by_role("button", name="New chat").click()
    asked(page, "Second one")
    expect(history(page)).to_have_text(["Second one", "First one"])
    page.get_by_role("button", name="First one").click()
    expect(last_reply(page)).to_contain_text("Answer to First one")
    page.go_back()
    expect(last_reply(page)).to_contain_text("Answer to Second one")


def test_a_conversation_is_renamed(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    asked(page, "Capital?")
    choose(page, "Rename")
    page.get_by_role("dialog").get_by_role("textbox").fill("Geography")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Geography")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Geography")).to_be_visible()


def test_search_finds_titles_and_what_was_said(page: Page, deployment: Deployment) -> None:
    deployment.chat(
        "Chat", "chat/x", lambda body: spoken("A gondola." if "Venice" in body["input"] else "Hm.")
    )
    enter(page, deployment)
    asked(page, "About Venice")
    page.get_by_role("button", name="New chat").click()
    asked(page, "About Turin")
    box = page.get_by_role("searchbox")
    box.fill("GONDOLA")
    expect(history(page)).to_have_text(["About Venice"])
    box.fill("turin")
    expect(history(page)).to_have_text(["About Turin"])
    box.fill("nowhere")
    expect(page.get_by_text("No conversation contains these words.")).to_be_visible()


def test_a_conversation_is_deleted_for_good_after_a_question(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    asked(page, "Secret")
    choose(page, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(history(page)).to_have_text(["Secret"])
    choose(page, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(history(page)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    expect(history(page)).to_have_count(0)
    left = page.evaluate(
        """() => new Promise((resolve) => {
          const open = indexedDB.open("mastrogpt")
          open.onsuccess = () => {
            const count = open.result.transaction("messages").objectStore("messages").count()
            count.onsuccess = () => resolve(count.result)
          }
        })"""
    )
    assert left == 0


def exported(page: Page, item: str, folder: Path) -> tuple[str, str]:
    with page.expect_download() as download:
        choose(page, item)
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file.name, file.read_text(encoding="utf-8")


def test_a_conversation_is_exported(page: Page, deployment: Deployment, tmp_path: Path) -> None:
    metrics = {"model": "tiny:3m", "tokens": 2, "tokens_per_s": 40}
    steps = [message(thinking="Easy."), *spoken("**Rome**, è vero."), message(metrics=metrics)]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    asked(page, "Capital of Italy?")
    name, text = exported(page, "Export as Markdown", tmp_path)
    assert name == "capital-of-italy.md"
    assert text == (
        "# Capital of Italy?\n\n## You\n\nCapital of Italy?\n\n"
        "## Chat, tiny:3m\n\n> Easy.\n\n**Rome**, è vero.\n"
    )
    name, text = exported(page, "Export as JSON", tmp_path)
    data = json.loads(text)
    assert name == "capital-of-italy.json"
    assert data["action"] == "chat/x"
    assert [(m["role"], m["content"], m["status"]) for m in data["messages"]] == [
        ("user", "Capital of Italy?", "done"),
        ("assistant", "**Rome**, è vero.", "done"),
    ]
    assert data["otherVersions"] == []


def test_a_reload_in_mid_reply_keeps_all_that_had_arrived_and_lets_it_go_on(
    page: Page, deployment: Deployment
) -> None:
    replies = iter([[*spoken("The capital of Italy "), Gate("never")], spoken("is Rome.")])
    deployment.chat("Chat", "chat/x", lambda _: next(replies))
    enter(page, deployment)
    ask(page, "Capital?")
    expect(last_reply(page)).to_contain_text("The capital of Italy")
    page.reload()
    reply = last_reply(page)
    expect(reply).to_have_attribute("data-status", "interrupted")
    expect(reply).to_contain_text("The capital of Italy")
    expect(reply).to_contain_text("You left the page while this reply was arriving.")
    first = deployment.wait_call(lambda call: call.streamed)
    stop = deployment.wait_call(lambda call: "stop" in call.body)
    assert stop.body["stop"] == first.body["request"]
    reply.get_by_role("button", name="Continue").click()
    expect(reply).to_have_attribute("data-status", "done")
    expect(reply.locator("[data-text]")).to_have_text("The capital of Italy is Rome.")
    assert deployment.said("chat/x")[-1]["history"][-1]["content"] == "The capital of Italy "
    page.reload()
    expect(last_reply(page).locator("[data-text]")).to_have_text("The capital of Italy is Rome.")


def test_a_reply_goes_on_while_another_conversation_is_open(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one "), Gate("rest"), *spoken("two")])
    enter(page, deployment)
    ask(page, "Long")
    expect(last_reply(page)).to_contain_text("one")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    deployment.open("rest")
    page.get_by_role("button", name="Long").click()
    expect(last_reply(page)).to_have_attribute("data-status", "done")
    expect(last_reply(page).locator("[data-text]")).to_have_text("one two")


def test_a_second_tab_follows_a_reply_and_can_stop_it(page: Page, deployment: Deployment) -> None:
    steps = [*spoken("one two "), Gate("go"), *spoken("three "), Gate("never")]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Count")
    expect(last_reply(page)).to_contain_text("one two")
    other = page.context.new_page()
    other.goto(page.url)
    expect(last_reply(other)).to_contain_text("one two")
    expect(last_reply(other)).to_have_attribute("data-status", "streaming")
    deployment.open("go")
    expect(last_reply(other)).to_contain_text("one two three")
    other.get_by_role("button", name="Stop").click()
    for tab in (page, other):
        expect(last_reply(tab)).to_have_attribute("data-status", "stopped")
        expect(last_reply(tab).locator("[data-text]")).to_have_text("one two three")
    assert deployment.wait_call(lambda call: call.streamed).left.wait(DEADLINE_S)


def test_a_second_tab_sees_new_conversations_and_messages(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    other = page.context.new_page()
    enter(other, deployment)
    asked(page, "First")
    other.get_by_role("button", name="First").click()
    expect(last_reply(other)).to_contain_text("Rome.")
    asked(other, "Second")
    expect(page.locator("chat-message[data-from=user]").last).to_contain_text("Second")
    expect(last_reply(page)).to_have_attribute("data-status", "done")


def test_messages_and_code_are_copied(page: Page, deployment: Deployment) -> None:
    text = "Run **this**:\n\n```sh\nls -l\ncd ..\n```\n"
    deployment.chat("Chat", "chat/x", lambda _: spoken(text))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(page, deployment)
    reply = asked(page, "How?")
    reply.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("chat-status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "ls -l\ncd .."
    reply.get_by_role("button", name="Copy the message").click()
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text.includes('**this**'))")
    assert page.evaluate("navigator.clipboard.readText()") == text


def test_settings_of_a_conversation_travel_with_its_messages(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Ahoy."))
    enter(page, deployment)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("System prompt").fill("Answer like a pirate.")
    page.get_by_label("Temperature").fill("0.3")
    page.get_by_label("Maximum reply").fill("50")
    page.get_by_role("button", name="Close").click()
    asked(page, "Hello")
    page.reload()
    asked(page, "Again")
    body = deployment.said("chat/x")[-1]
    assert body["history"][0] == {"role": "system", "content": "Answer like a pirate."}
    assert body["options"] == {"temperature": 0.3, "max_tokens": 50}
    page.get_by_role("button", name="New chat").click()
    asked(page, "Plain")
    assert deployment.said("chat/x")[-1]["history"] == []
    assert deployment.said("chat/x")[-1]["options"] == {}


def test_a_browser_that_keeps_nothing_says_so_and_works(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError') }"
    )
    enter(page, deployment)
    asked(page, "Capital?")
    expect(page.get_by_text("This browser keeps no conversations")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    page.get_by_role("button", name="Capital?").click()
    expect(last_reply(page)).to_contain_text("Rome.")


def test_a_full_disk_is_told_and_holds_up_no_reply(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    page.add_init_script(
        "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }"
    )
    enter(page, deployment)
    expect(asked(page, "Capital?")).to_contain_text("Rome.")
    expect(page.get_by_text("This browser keeps no conversations")).to_be_visible()


def test_being_offline_fails_with_a_sentence_and_retry_works_when_it_is_over(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    expect(page.locator("chat-message").first).to_have_attribute("data-status", "done")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    reply = asked(page, "Capital?", "failed")
    expect(reply).to_contain_text("This device is offline.")
    page.context.set_offline(False)
    reply.get_by_role("button", name="Retry").click()
    expect(last_reply(page)).to_contain_text("Rome.")


def test_what_is_kept_can_be_read_while_the_deployment_is_away(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    enter(page, deployment)
    asked(page, "Capital?")
    page.route(re.compile("/api/"), lambda route: route.abort())
    page.reload()
    expect(last_reply(page)).to_contain_text("Rome.")
    expect(page.get_by_role("heading", name="The deployment does not answer")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="The deployment does not answer")).to_be_hidden()
    asked(page, "And now?")


def test_a_slow_network_still_shows_text_as_it_comes(page: Page, deployment: Deployment) -> None:
    words = ["so ", *["very "] * 10]
    steps = [step for word in words for step in (message(output=word), Pause(0.1))]
    deployment.chat("Chat", "chat/x", lambda _: [*steps, Gate("rest"), message(output="slow")])
    enter(page, deployment)
    cdp = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 400, "downloadThroughput": 10_000, "uploadThroughput": 10_000}
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", limits)
    ask(page, "Capital?")
    expect(last_reply(page)).to_contain_text("so very very")
    expect(last_reply(page)).to_have_attribute("data-status", "streaming")
    deployment.open("rest")
    expect(last_reply(page)).to_contain_text("very slow")


def test_a_conversation_deleted_in_mid_reply_leaves_nothing_behind(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one two "), Gate("never")])
    enter(page, deployment)
    ask(page, "Secret")
    expect(last_reply(page)).to_contain_text("one two")
    choose(page, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(history(page)).to_have_count(0)
    assert deployment.wait_call(lambda call: call.streamed).left.wait(DEADLINE_S)
    deployment.wait_call(lambda call: "stop" in call.body)
    asked_again = "asked in a new chat"
    ask(page, asked_again)
    page.reload()
    expect(history(page)).to_have_text([asked_again])
