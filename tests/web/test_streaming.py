"""A reply in the page: it streams, it stops, and it always ends in a state that a person can read."""

from __future__ import annotations

import json

import pytest
from deployment import DEADLINE_S, Deployment, Drop, Gate, Pause, Step, message, spoken
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def ask(page: Page, text: str) -> None:
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def test_the_menu_lists_the_chats_that_this_login_may_use(page: Page, deployment: Deployment) -> None:
    assert isinstance(deployment.index, dict)
    deployment.chat("Open to all", "chat/open", lambda _: [])
    deployment.index["services"].append(
        {
            "Staff": [
                {"name": "For devel", "url": "a/b", "users": "admin,devel"},
                {"name": "For others", "url": "a/c", "users": "admin"},
            ]
        }
    )
    page.goto(deployment.url)
    expect(page.get_by_role("button", name="Open to all")).to_be_visible()
    expect(page.get_by_role("button", name="For devel")).to_be_visible()
    expect(page.get_by_role("button", name="For others")).to_have_count(0)


def test_text_shows_before_the_reply_is_complete(page: Page, deployment: Deployment) -> None:
    deployment.chat(
        "Chat", "chat/x", lambda _: [message(output="The capital "), Gate("rest"), message(output="is Rome.")]
    )
    page.goto(deployment.url)
    ask(page, "Which?")
    reply = page.locator("chat-message").last
    expect(reply).to_contain_text("The capital")
    expect(reply).to_have_attribute("data-status", "streaming")
    deployment.open("rest")
    expect(reply).to_contain_text("The capital is Rome.")
    expect(reply).to_have_attribute("data-status", "done")


def test_stop_leaves_the_stream_and_tells_the_action(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one two "), Gate("never")])
    page.goto(deployment.url)
    ask(page, "Count")
    expect(page.locator("chat-message").last).to_contain_text("one two")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("chat-message").last).to_have_attribute("data-status", "stopped")
    expect(page.locator("chat-message").last).to_contain_text("one two")
    call = deployment.wait_call(lambda call: call.streamed)
    assert call.left.wait(DEADLINE_S)
    stop = deployment.wait_call(lambda call: "stop" in call.body)
    assert stop.body["stop"] == call.body["request"]
    assert not stop.streamed


PART = message(output="part")
DAMAGED = b'{"output":"lo{"output":" two"}'

ENDINGS: list[tuple[str, list[Step], str, str]] = [
    ("end inside an object", [PART, b'{"outp'], "interrupted", "connection broke"),
    ("connection drops after text", [PART, Pause(0.2), Drop()], "interrupted", "connection broke"),
    ("connection drops before text", [b"\n", Drop()], "failed", "connection broke"),
    ("error of the relay", [b"not ok (502 Bad Gateway)\n"], "failed", "not ok (502 Bad Gateway)"),
    ("error of the action", [PART, message(error="no model")], "failed", "no model"),
    ("damage in the middle", [PART, DAMAGED], "done", "part two"),
    ("objects it does not know", [message(a=1), PART, message(b={"c": []})], "done", "part"),
    ("nothing at all", [], "done", ""),
]


@pytest.mark.parametrize(("steps", "status", "words"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS])
def test_every_stream_ends_in_a_state(
    page: Page, deployment: Deployment, steps: list[Step], status: str, words: str
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: steps)
    page.goto(deployment.url)
    ask(page, "Go")
    reply = page.locator("chat-message").last
    expect(reply).to_have_attribute("data-status", status)
    expect(reply).to_contain_text(words)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_any_cut_of_the_bytes_shows_the_same_text(page: Page, deployment: Deployment) -> None:
    text = "È vero: ☕ 𝄞 \\n {“}"
    raw = json.dumps({"output": text}, ensure_ascii=False).encode()
    cuts = [raw[at : at + 1] + b"\n" for at in range(len(raw))]
    deployment.chat("Chat", "chat/x", lambda _: cuts)
    page.goto(deployment.url)
    ask(page, "Go")
    expect(page.locator("chat-message").last).to_contain_text(text)


def test_a_failed_reply_is_asked_again_with_one_button(page: Page, deployment: Deployment) -> None:
    tries = iter([[b"not ok (503 Service Unavailable)\n"], spoken("All good.")])
    deployment.chat("Chat", "chat/x", lambda _: next(tries))
    page.goto(deployment.url)
    ask(page, "Again?")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("chat-message").last).to_contain_text("All good.")
    assert [body["input"] for body in deployment.said("chat/x")] == ["Again?", "Again?"]
    assert page.locator("chat-message[data-from=user]").count() == 1


def test_an_action_that_does_not_stream_is_asked_directly(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    deployment.asked["chat/x"] = lambda body: {
        "output": f"You said {body.get('input', 'nothing')}.",
        "state": "s",
    }
    page.goto(deployment.url)
    ask(page, "ciao")
    expect(page.locator("chat-message").last).to_contain_text("You said ciao.")
    ask(page, "again")
    expect(page.locator("chat-message").last).to_contain_text("You said again.")
    assert deployment.said("chat/x")[-1]["state"] == "s"
    assert not any(call.streamed for call in deployment.calls)
