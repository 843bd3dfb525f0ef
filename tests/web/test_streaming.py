"""A reply in the page: it streams, it stops, and it always ends in a state that a person can read."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import AsyncIterator

import pytest
from chat_page import ask, asked, enter, last_reply
from deployment import DEADLINE_S, Body, Deployment, Drop, Dropped, Gate, Pause, Step, message, spoken
from playwright.sync_api import Page, expect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

pytestmark = pytest.mark.browser


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
    enter(page, deployment)
    expect(page.get_by_role("button", name="Open to all")).to_be_visible()
    expect(page.get_by_role("button", name="For devel")).to_be_visible()
    expect(page.get_by_role("button", name="For others")).to_have_count(0)


def test_text_shows_before_the_reply_is_complete(page: Page, deployment: Deployment) -> None:
    deployment.chat(
        "Chat", "chat/x", lambda _: [message(output="The capital "), Gate("rest"), message(output="is Rome.")]
    )
    enter(page, deployment)
    ask(page, "Which?")
    reply = last_reply(page)
    expect(reply).to_contain_text("The capital")
    expect(reply).to_have_attribute("data-status", "streaming")
    deployment.open("rest")
    expect(reply).to_contain_text("The capital is Rome.")
    expect(reply).to_have_attribute("data-status", "done")


def test_stop_leaves_the_stream_and_tells_the_action(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one two "), Gate("never")])
    enter(page, deployment)
    ask(page, "Count")
    expect(last_reply(page)).to_contain_text("one two")
    page.get_by_role("button", name="Stop").click()
    expect(last_reply(page)).to_have_attribute("data-status", "stopped")
    expect(last_reply(page)).to_contain_text("one two")
    call = deployment.wait_call(lambda call: call.streamed)
    assert call.left.wait(DEADLINE_S)
    stop = deployment.wait_call(lambda call: "stop" in call.body)
    assert stop.body["stop"] == call.body["request"]
    assert not stop.streamed


PART = message(output="part")
DAMAGED = b'{"output":"lo{"output":" two"}'

ENDINGS: list[tuple[str, list[Step], str, str]] = [
    ("end inside an object", [PART, b'{"outp'], "interrupted", "connection was lost"),
    ("connection drops after text", [PART, Gate("shown"), Drop()], "interrupted", "connection was lost"),
    ("connection drops before text", [b"\n", Drop()], "failed", "connection was lost"),
    ("error of the relay", [b"not ok (502 Bad Gateway)\n"], "failed", "not ok (502 Bad Gateway)"),
    ("error of the action", [PART, message(error="no model")], "failed", "no model"),
    ("damage in the middle", [PART, DAMAGED], "done", "part two"),
    ("objects it does not know", [message(a=1), PART, message(b={"c": []})], "done", "part"),
    ("nothing at all", [], "done", "The answer is empty."),
    ("nothing but objects it does not know", [message(a=1), message(output=None)], "done", "is empty"),
    ("no newline", [b'{"output":"part"}{"output":" two"}'], "done", "part two"),
    (
        "output of other kinds",
        [message(output=42), message(output=["a", {"b": True}])],
        "done",
        '42["a",{"b":true}]',
    ),
    ("NUL bytes between objects", [b"\0\0\n", PART, b"\0\n"], "done", "part"),
    ("a NUL byte within a text", [PART, b'{"output":"\0"}', message(output=" two")], "done", "part two"),
    ("a character cut in two objects", [rb'{"output":"a\ud83d"}', rb'{"output":"\ude00b"}'], "done", "a😀b"),
    ("half a character", [rb'{"output":"part\ud800"}'], "done", "part"),
    ("a page of HTML", [b"<!doctype html><title>x</title><h1>Bad gateway</h1>\n"], "failed", "Bad gateway"),
    ("a flood that never ends a line", [b"flood " * 20_000, Gate("never")], "failed", "flood"),
    ("null", [b"null\n"], "failed", "null"),
    ("a huge object", [message(junk="x" * 10_000_000), PART], "done", "part"),
]


@pytest.mark.parametrize(("steps", "status", "words"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS])
def test_every_stream_ends_in_a_state(
    page: Page, deployment: Deployment, steps: list[Step], status: str, words: str
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    reply = last_reply(page)
    if Gate("shown") in steps:
        expect(reply).to_contain_text("part")
        deployment.open("shown")
    expect(reply).to_have_attribute("data-status", status)
    expect(reply).to_contain_text(words)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_what_the_page_gives_up_on_is_left(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [message(error="no model"), Gate("never")])
    enter(page, deployment)
    asked(page, "Go", "failed")
    assert deployment.wait_call(lambda call: call.streamed).left.wait(DEADLINE_S)


def test_any_cut_of_the_bytes_shows_the_same_text(page: Page, deployment: Deployment) -> None:
    text = "È vero: ☕ 𝄞 \\n {“}"
    raw = json.dumps({"output": text}, ensure_ascii=False).encode()
    cuts = [raw[at : at + 1] + b"\n" for at in range(len(raw))]
    deployment.chat("Chat", "chat/x", lambda _: cuts)
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text(text)


def test_a_failed_reply_is_asked_again_with_one_button(page: Page, deployment: Deployment) -> None:
    tries = iter([[b"not ok (503 Service Unavailable)\n"], spoken("All good.")])
    deployment.chat("Chat", "chat/x", lambda _: next(tries))
    enter(page, deployment)
    ask(page, "Again?")
    page.get_by_role("button", name="Retry").click()
    expect(last_reply(page)).to_contain_text("All good.")
    assert [body["input"] for body in deployment.said("chat/x")] == ["Again?", "Again?"]
    assert page.locator("chat-message[data-from=user]").count() == 1


def test_an_action_that_does_not_stream_is_asked_directly(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    deployment.asked["chat/x"] = lambda body: {
        "output": f"You said {body.get('input', 'nothing')}.",
        "state": "s",
    }
    enter(page, deployment)
    ask(page, "ciao")
    expect(last_reply(page)).to_contain_text("You said ciao.")
    ask(page, "again")
    expect(last_reply(page)).to_contain_text("You said again.")
    assert deployment.said("chat/x")[-1]["state"] == "s"
    assert not any(call.streamed for call in deployment.calls)


def test_what_is_sent_carries_what_an_action_needs(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("Rome."), message(state="after")])
    enter(page, deployment)
    asked(page, "First?")
    asked(page, "Second?")
    first, second = deployment.said("chat/x")
    assert first["input"] == "First?"
    assert not any("state" in call.body for call in deployment.calls if call.body is not second)
    assert first["thinking"] is True
    assert first["metrics"] is True
    assert second["state"] == "after"
    assert second["history"] == [
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "Rome."},
    ]
    assert len({first["request"], second["request"]}) == 2
    assert all(len(body["request"]) == 32 for body in (first, second))


def test_a_message_sent_while_the_chat_still_opens_is_answered_in_its_mode(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: spoken("Streamed."))
    may_greet = threading.Event()

    def slow(_: Body) -> Body:
        assert may_greet.wait(DEADLINE_S)
        return {"output": "Ask me.", "streaming": True}

    deployment.asked["chat/x"] = slow
    enter(page, deployment)
    ask(page, "Early")
    expect(page.locator("chat-message")).to_have_count(3)
    may_greet.set()
    expect(last_reply(page)).to_contain_text("Streamed.")


def test_a_chat_that_never_opens_can_be_stopped_and_holds_up_no_other(
    page: Page, deployment: Deployment
) -> None:
    deployment.chat("Good", "chat/good", lambda _: spoken("Here."))
    deployment.chat("Bad", "chat/bad", lambda _: [])
    may_greet = threading.Event()

    def silent(_: Body) -> Body:
        assert may_greet.wait(DEADLINE_S)
        return {"output": "At last."}

    deployment.asked["chat/bad"] = silent
    enter(page, deployment)
    asked(page, "Early")
    page.get_by_role("button", name="Bad").click()
    ask(page, "Anybody?")
    expect(last_reply(page).locator("[data-waiting]")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(last_reply(page)).to_have_attribute("data-status", "stopped")
    page.get_by_role("button", name="Early").click()
    expect(asked(page, "Still there?")).to_contain_text("Here.")
    assert deployment.said("chat/bad") == []
    may_greet.set()


def test_silence_is_told_and_text_ends_it(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one"), Gate("more"), *spoken(" two")])
    page.clock.install()
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("one")
    page.clock.run_for(25_000)
    expect(page.get_by_text("Nothing has arrived for a while").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    deployment.open("more")
    expect(page.locator("[data-silence]")).to_be_hidden()


def test_a_wait_that_can_no_longer_end_is_ended(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("one"), Gate("never")])
    page.clock.install()
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("one")
    page.clock.run_for(340_000)
    expect(last_reply(page)).to_have_attribute("data-status", "interrupted")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()


async def torn() -> AsyncIterator[bytes]:
    yield b'{"output": "half'
    raise Dropped


ANSWERS: list[tuple[Response, str]] = [
    (JSONResponse({"error": "no such thing", "code": "x"}, 404), "no longer deployed here"),
    (JSONResponse({"error": "Ollama is down."}, 502), "Ollama is down."),
    (HTMLResponse("<style>a{}</style><h1>Bad gateway</h1>", 502), "could not answer. Bad gateway"),
    (PlainTextResponse("", 500), "could not answer. 500"),
    (JSONResponse({"error": "Mend it."}, 400), "refused the message. Mend it."),
    (HTMLResponse("<h1>413</h1>", 413), "larger than the server accepts"),
    (StreamingResponse(torn(), media_type="application/json"), "connection was lost"),
    (Response(b"", 200), "cannot read"),
    (JSONResponse(None, 200), "cannot read"),
    (HTMLResponse("<h1>Hello</h1>", 200), "cannot read"),
    (JSONResponse(["a", "list"], 200), "cannot read"),
    (PlainTextResponse('{"output": ' + "[" * 30_000 + "]" * 30_000 + "}"), "cannot read"),
    (Response(status_code=204), "returned nothing"),
    (JSONResponse({"activationId": "x"}, 202), "returned nothing"),
]


@pytest.mark.parametrize(("answer", "words"), ANSWERS, ids=lambda value: getattr(value, "status_code", value))
def test_an_answer_that_is_none_becomes_one_sentence(
    page: Page, deployment: Deployment, answer: Response, words: str
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    deployment.asked["chat/x"] = lambda body: answer if "input" in body else {"output": "Hi."}
    enter(page, deployment)
    reply = asked(page, "Go", "failed")
    expect(reply).to_contain_text(words)
    expect(reply.get_by_role("button", name="Retry")).to_be_visible()


def test_an_answer_is_read_whatever_it_is_called(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    deployment.asked["chat/x"] = lambda _: PlainTextResponse('{"output": "Rome.", "streaming": "no"}')
    enter(page, deployment)
    expect(asked(page, "Go")).to_contain_text("Rome.")


def test_figures_come_from_the_action(page: Page, deployment: Deployment) -> None:
    metrics = {"model": "tiny:3m", "tokens": 20, "first_token_ms": 180.0, "tokens_per_s": 41.6}
    deployment.chat("Chat", "chat/x", lambda _: [*spoken("Rome."), message(metrics=metrics)])
    enter(page, deployment)
    expect(asked(page, "Go")).to_contain_text("tiny:3m · 42 tokens/s · first token after 0.18s")
    expect(page.locator("chat-model")).to_contain_text("tiny:3m")


def test_figures_are_measured_where_the_action_gives_none(page: Page, deployment: Deployment) -> None:
    steps = [*spoken("one two "), Gate("rest"), Pause(0.3), *spoken("three four five six")]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_contain_text("one two")
    deployment.open("rest")
    expect(last_reply(page).locator("[data-figures]")).to_have_text(
        re.compile(r"about [\d,]+ tokens/s · first token after [\d.]+m?s")
    )


def test_what_comes_in_one_piece_has_no_pace(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [message(output="word " * 200)])
    enter(page, deployment)
    figures = asked(page, "Go").locator("[data-figures]")
    expect(figures).to_have_text(re.compile(r"^first token after [\d.]+m?s$"))


def test_reasoning_is_folded_and_stays_open_for_whom_opened_it(page: Page, deployment: Deployment) -> None:
    steps = [
        message(thinking="Let me "),
        Gate("think"),
        message(thinking="see."),
        Pause(0.2),
        *spoken("Rome."),
    ]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    ask(page, "Go")
    details = last_reply(page).locator("details")
    expect(details).to_contain_text("Thinking")
    expect(last_reply(page).locator("[data-thoughts]")).to_be_hidden()
    details.locator("summary").click()
    deployment.open("think")
    expect(last_reply(page)).to_have_attribute("data-status", "done")
    expect(details).to_have_attribute("open", "")
    expect(details.locator("[data-thoughts]")).to_have_text("Let me see.")
    expect(details.locator("summary")).to_have_text(re.compile(r"Thought for [\d.]+s"))
    expect(last_reply(page).locator("[data-text]")).to_have_text("Rome.")


def test_marked_reasoning_is_told_from_text_even_when_only_its_end_is_marked(
    page: Page, deployment: Deployment
) -> None:
    steps = [message(output="Hm, Italy.\n"), message(output="</thi"), message(output="nk>\n\nRome.")]
    deployment.chat("Chat", "chat/x", lambda _: steps)
    enter(page, deployment)
    reply = asked(page, "Go")
    expect(reply.locator("[data-text]")).to_have_text("Rome.")
    expect(reply.locator("[data-thoughts]")).to_have_text("Hm, Italy.")
