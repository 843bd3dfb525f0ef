"""The page, localops, the actions and a model together, as a person gets them."""

from __future__ import annotations

import pytest
from chat_page import asked
from localops_process import LocalopsProcess
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def started(page: Page, localops: LocalopsProcess, chat: str) -> None:
    page.goto(localops.url)
    page.get_by_role("button", name=chat, exact=True).click()
    expect(page.locator("h1")).to_have_text(chat)
    expect(page.locator("chat-message")).to_have_attribute("data-status", "done")


@pytest.mark.parametrize("chat", ["Assistant", "Stateless"])
def test_a_question_is_answered(page: Page, localops: LocalopsProcess, chat: str) -> None:
    started(page, localops, chat)
    reply = asked(page, "What is the capital of Italy?")
    expect(reply).to_contain_text("Rom")
    expect(reply).not_to_contain_text("{")
    expect(reply.locator("[data-figures]")).to_contain_text("tokens/s")
    expect(page.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")


def test_the_page_says_that_a_tiny_model_answers(page: Page, localops: LocalopsProcess) -> None:
    page.goto(localops.url)
    says_so = page.locator("chat-message[data-opening], [data-notice]:not([hidden])")
    expect(says_so).to_have_count(1)
    expect(says_so).to_contain_text("mastrogpt-tiny:3m")
    expect(says_so).to_contain_text("ollama pull llama3.1:8b")
    asked(page, "What is the capital of Italy?")
    page.reload()
    expect(says_so).to_have_count(1)
    expect(says_so).to_contain_text("tiny model")


def test_a_model_is_chosen_from_those_of_the_server(page: Page, localops: LocalopsProcess) -> None:
    started(page, localops, "Assistant")
    page.locator("chat-model").get_by_role("button").first.click()
    page.locator("[data-models]").get_by_role("button", name="mastrogpt-tiny:3m").click()
    asked(page, "What is the capital of Italy?")
    expect(page.locator("[data-model]")).to_have_text("mastrogpt-tiny:3m")


@pytest.mark.parametrize("kind", ["html", "chess", "message"])
def test_the_demo_shows_what_it_says(page: Page, localops: LocalopsProcess, kind: str) -> None:
    started(page, localops, "Demo")
    frame = asked(page, kind).frame_locator("iframe")
    expect(frame.locator("table, svg, h2").first).to_be_visible()


def test_a_deployment_with_a_secret_asks_for_the_login_and_goes_on_after_it(page: Page) -> None:
    with LocalopsProcess(environment={"LOGIN_SECRET": "a secret of the tests, long enough"}) as guarded:
        page.goto(guarded.url)
        dialog = page.get_by_role("dialog", name="Log in")
        expect(dialog).to_be_visible()
        dialog.get_by_label("Name").fill("pinocchio")
        dialog.get_by_label("Password").fill("lampwick")
        dialog.get_by_role("button", name="Log in").click()
        expect(dialog.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        dialog.get_by_label("Password").fill("geppetto")
        dialog.get_by_role("button", name="Log in").click()
        expect(dialog).to_have_count(0)
        expect(asked(page, "What is the capital of Italy?")).to_contain_text("Rom")
        expect(page.locator("[data-user]")).to_have_text("pinocchio")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
