"""Answers that hold more than text: forms, options, the display area."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from chat_page import asked, enter, last_reply
from deployment import WEB, Body, Deployment
from playwright.sync_api import FilePayload, Page, Route, expect
from starlette.responses import HTMLResponse

pytestmark = pytest.mark.browser

FORM = [
    {"name": "city", "label": "City", "type": "text", "required": "true"},
    {"name": "wishes", "label": "Wishes", "type": "textarea"},
    {"name": "season", "label": "Season", "type": "radio", "options": ["spring", "autumn"]},
    {"name": "train", "label": "By train", "type": "checkbox"},
    {"name": "picture", "label": "Picture", "type": "file"},
    {"name": "odd", "label": "Odd", "type": "something else"},
]


def answering(page: Page, deployment: Deployment, **answer: Any) -> None:
    """Return a chat that gives the answer to a text, and repeats what else it is sent."""

    def answers(body: Body) -> Body:
        given = body.get("input")
        if not given:
            return {"output": "Welcome."}
        return answer if given == "Go" else {"output": f"You sent {given}."}

    deployment.chat("Chat", "chat/x", lambda _: [])
    deployment.asked["chat/x"] = answers
    enter(page, deployment)


def test_a_form_is_filled_in_and_sent(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="Please:", form=FORM)
    form = asked(page, "Go").locator("chat-form")
    form.get_by_role("button", name="Send").click()
    expect(form).to_be_visible()
    form.get_by_label("City").fill("Rome")
    form.get_by_label("Wishes").fill("the Forum\nand a gelato")
    form.get_by_label("autumn").check()
    form.get_by_label("By train").check()
    picture = FilePayload(name="hill.png", mimeType="image/png", buffer=b"\x89PNG\x00\xff")
    form.get_by_label("Picture").set_input_files(files=[picture])
    form.get_by_role("button", name="Send").click()
    expect(last_reply(page)).to_contain_text("You sent")
    assert deployment.said("chat/x")[-1]["input"] == {
        "form": {
            "city": "Rome",
            "wishes": "the Forum\nand a gelato",
            "season": "autumn",
            "train": "true",
            "picture": base64.b64encode(picture["buffer"]).decode(),
            "odd": "",
        }
    }
    shown = page.locator("chat-message[data-from=user]").last
    expect(shown).to_contain_text("City: Rome")
    expect(shown).to_contain_text("Picture: hill.png")
    expect(form).to_be_hidden()


def test_what_is_not_filled_in_is_sent_as_empty_text(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="Please:", form=[{**field, "required": False} for field in FORM])
    asked(page, "Go").get_by_role("button", name="Send").click()
    expect(last_reply(page)).to_contain_text("You sent")
    assert set(deployment.said("chat/x")[-1]["input"]["form"].values()) == {""}


def test_a_file_that_no_request_can_hold_is_refused(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="Please:", form=FORM)
    form = asked(page, "Go").locator("chat-form")
    form.get_by_label("City").fill("Rome")
    large = FilePayload(name="large.bin", mimeType="application/octet-stream", buffer=b"x" * 900_000)
    form.get_by_label("Picture").set_input_files(files=[large])
    form.get_by_role("button", name="Send").click()
    assert len(deployment.said("chat/x")) == 1
    assert "700 kB" in form.get_by_label("Picture").evaluate("(input) => input.validationMessage")


@pytest.mark.parametrize(
    "output", ['{"options": ["red", "blue"]}', '{"message": "Pick", "options": ["red", "blue"]}']
)
def test_options_are_buttons(page: Page, deployment: Deployment, output: str) -> None:
    answering(page, deployment, output=output)
    reply = asked(page, "Go")
    expect(reply.locator("[data-text]")).to_have_text("Pick" if "Pick" in output else "")
    reply.get_by_role("button", name="blue").click()
    expect(last_reply(page)).to_contain_text("You sent blue.")
    expect(reply.get_by_role("button", name="blue")).to_have_count(0)


def test_code_is_shown_with_colours(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="See:", code="def f():\n    return 1\n", language="python")
    shown = asked(page, "Go").locator("chat-display")
    expect(shown.locator("code")).to_contain_text("return 1")
    expect(shown.locator(".code__word[data-scope=keyword]").first).to_have_text("def")


@pytest.mark.parametrize("data", [{"chess": "8/8/8/8/8/8/8/K1k5 w - - 0 1"}, {"message": "Hi", "title": "T"}])
def test_what_only_the_deployment_can_show_is_asked_of_it(
    page: Page, deployment: Deployment, data: dict[str, str]
) -> None:
    deployment.asked["mastrogpt/display"] = lambda body: HTMLResponse(f"<p>Shown: {sorted(body)}</p>")
    answering(page, deployment, output="See:", **data)
    frame = asked(page, "Go").frame_locator("iframe")
    expect(frame.get_by_text(f"Shown: {sorted(data)}")).to_be_visible()


def test_html_is_as_tall_as_it_needs(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="See:", html="<div style='height: 640px'>tall</div>")
    reply = asked(page, "Go")
    expect(reply.frame_locator("iframe").get_by_text("tall")).to_be_visible()
    page.wait_for_function("() => document.querySelector('iframe').getBoundingClientRect().height > 640")


def test_html_is_shown_by_a_page_that_needs_nothing_else(page: Page, deployment: Deployment) -> None:
    """Its sandbox has no origin, so in some browsers nothing of the deployment can be fetched there."""
    asked_for: list[str] = []

    def only_the_frame(route: Route) -> None:
        if route.request.frame != page.main_frame and not route.request.is_navigation_request():
            asked_for.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/*", only_the_frame)
    answering(page, deployment, output="See:", html="<h2>Shown</h2>")
    frame = asked(page, "Go").frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Shown")).to_be_visible()
    assert asked_for == []


def test_the_frame_allows_the_script_that_stands_in_it_and_nothing_that_needs_an_origin() -> None:
    frame = (WEB / "display.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", frame, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', frame)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}';" in policy
    assert "'self'" not in policy
    assert not re.search(r"<script [^>]*src|<link|<img", frame)


def test_what_cannot_be_shown_is_named(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="See:", chess="a position")
    shown = asked(page, "Go").locator("chat-display")
    expect(shown).to_contain_text("not deployed here")
    expect(shown.locator("code")).to_contain_text("a position")


def test_a_form_of_an_action_that_misbehaves_shows_what_it_can(page: Page, deployment: Deployment) -> None:
    fields = [
        None,
        "city",
        {"label": "No name"},
        {"name": "a", "label": None, "type": 7, "options": [1, None]},
    ]
    answering(page, deployment, output="Please:", form=fields, options={"a": 1})
    form = asked(page, "Go").locator("chat-form")
    expect(form.get_by_label("a", exact=True)).to_be_visible()
    expect(form.get_by_role("textbox")).to_have_count(1)
    form.get_by_role("button", name="Send").click()
    expect(last_reply(page)).to_contain_text("You sent")
    assert deployment.said("chat/x")[-1]["input"] == {"form": {"a": ""}}


def test_what_was_shown_is_there_after_a_reload(page: Page, deployment: Deployment) -> None:
    answering(page, deployment, output="See:", html="<p>still here</p>")
    asked(page, "Go")
    page.reload()
    expect(last_reply(page).frame_locator("iframe").get_by_text("still here")).to_be_visible()
