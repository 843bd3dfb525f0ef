"""Which model answers, whether its server does, and the choice of another one."""

from __future__ import annotations

import pytest
from chat_page import asked, enter
from deployment import Body, Deployment, message, spoken
from playwright.sync_api import Page, expect
from starlette.responses import JSONResponse, Response

pytestmark = pytest.mark.browser

ASSISTANT = "chat/assistant"
MODELS = ["tiny:3m", "large:70b"]


def assistant(body: Body) -> Body:
    """Lists models for `@`, takes `@name` as a choice, and greets."""
    said = str(body.get("input", ""))
    if said == "@":
        return {"output": "These:", "models": MODELS}
    if said.startswith("@"):
        return {"output": "As you like.", "state": f"uses {said[1:]}"}
    return {"output": "Ask me.", "streaming": True, "state": "tiny:3m"}


@pytest.fixture
def chat(page: Page, deployment: Deployment) -> Page:
    metrics = message(metrics={"model": "tiny:3m", "tokens_per_s": 40})
    deployment.chat("Assistant", ASSISTANT, lambda _: [*spoken("Rome."), metrics])
    deployment.asked[ASSISTANT] = assistant
    enter(page, deployment)
    return page


def test_the_model_that_will_answer_is_named_before_the_first_reply(chat: Page) -> None:
    expect(chat.locator("chat-model [data-model]")).to_have_text("tiny:3m")
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")


def test_a_model_that_another_stands_in_for_is_not_named(chat: Page, deployment: Deployment) -> None:
    greeting = {"output": "tiny:3m stands in.", "streaming": True, "state": "llama:8b"}
    deployment.asked[ASSISTANT] = lambda body: assistant(body) if body.get("input") == "@" else greeting
    chat.reload()
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")
    expect(chat.locator("chat-model [data-model]")).to_have_text("Model")


def test_the_model_that_answered_is_named(chat: Page) -> None:
    expect(asked(chat, "Capital?").locator("[data-figures]")).to_contain_text("tiny:3m")
    expect(chat.locator("chat-model [data-model]")).to_have_text("tiny:3m")
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")


def test_a_model_is_picked_with_the_keyboard_and_used_from_then_on(
    chat: Page, deployment: Deployment
) -> None:
    asked(chat, "Capital?")
    chat.locator("chat-model").get_by_role("button").first.press("Enter")
    expect(chat.get_by_text("The model server answers.")).to_be_visible()
    chat.locator("[data-models]").get_by_role("button", name="large:70b").press("Enter")
    expect(chat.locator("chat-model [data-model]")).to_have_text("large:70b")
    asked(chat, "And now?")
    assert deployment.said(ASSISTANT)[-1]["state"] == "uses large:70b"


NO_MODEL: list[tuple[Body | Response, str]] = [
    ({"output": "Ollama at 127.0.0.1:11434 does not answer: start it."}, "start it."),
    (JSONResponse({"error": "Ollama is down."}, 502), "The server could not answer. Ollama is down."),
    (Response(status_code=204), "The action returned nothing."),
]


@pytest.mark.parametrize(("answer", "words"), NO_MODEL, ids=["in words", "as a status", "with nothing"])
def test_a_model_server_that_does_not_answer_is_told_with_the_reason(
    chat: Page, deployment: Deployment, answer: Body | Response, words: str
) -> None:
    deployment.asked[ASSISTANT] = lambda body: answer if body.get("input") == "@" else assistant(body)
    chat.reload()
    button = chat.locator("chat-model").get_by_role("button").first
    expect(button).to_have_text("No model")
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "no")
    button.click()
    expect(chat.get_by_text("The model server does not answer.")).to_be_visible()
    expect(chat.locator("[data-reason]")).to_contain_text(words)


def test_a_chat_that_does_not_choose_models_is_never_asked_for_them(
    page: Page, deployment: Deployment
) -> None:
    metrics = message(metrics={"model": "gpt", "tokens_per_s": 40})
    deployment.chat("Assistant", ASSISTANT, lambda _: [*spoken("Rome."), metrics])
    enter(page, deployment)
    asked(page, "Capital?")
    page.locator("chat-model").get_by_role("button").first.click()
    expect(page.locator("[data-health]")).to_have_text(
        "This chat does not report whether its model server answers."
    )
    expect(page.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "unknown")
    assert [body["input"] for body in deployment.said(ASSISTANT)] == ["Capital?"]


def test_a_kept_conversation_knows_its_models(chat: Page, deployment: Deployment) -> None:
    deployment.streamed[ASSISTANT] = lambda _: [*spoken("Rome."), message(state="tiny:3m")]
    asked(chat, "Capital?")
    chat.reload()
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")


def test_whoever_looks_at_the_dot_learns_how_it_is_now(chat: Page, deployment: Deployment) -> None:
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")
    deployment.asked[ASSISTANT] = lambda _: {"output": "Ollama is away."}
    chat.locator("chat-model").get_by_role("button").first.click()
    expect(chat.locator("[data-reason]")).to_have_text("Ollama is away.")
    chat.keyboard.press("Escape")
    deployment.asked[ASSISTANT] = assistant
    chat.locator("chat-model").get_by_role("button").first.click()
    expect(chat.get_by_text("The model server answers.")).to_be_visible()


def test_a_choice_that_fails_is_told(chat: Page, deployment: Deployment) -> None:
    with chat.expect_response(lambda response: response.url.endswith(ASSISTANT)):  # the menu looks again
        chat.locator("chat-model").get_by_role("button").first.click()
    expect(chat.locator("[data-models] button")).to_have_text(MODELS)
    deployment.asked[ASSISTANT] = lambda _: JSONResponse({"error": "No such model."}, 400)
    chat.locator("[data-models]").get_by_role("button", name="large:70b").click()
    expect(chat.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "no")
    expect(chat.get_by_role("status")).to_contain_text("No such model.")


NOTICE = "A tiny model answers; run `ollama pull x` (https://ollama.com/download)."


def test_what_the_deployment_says_about_its_model_is_shown(chat: Page, deployment: Deployment) -> None:
    assert isinstance(deployment.index, dict)
    deployment.index["notice"] = NOTICE
    chat.reload()
    notice = chat.locator("[data-notice]")
    expect(notice).to_have_text("A tiny model answers; run ollama pull x (ollama.com/download).")
    expect(notice.locator("code")).to_have_text("ollama pull x")
    expect(notice.get_by_role("link")).to_have_attribute("href", "https://ollama.com/download")


def test_what_a_greeting_says_is_not_said_again_below_it(chat: Page, deployment: Deployment) -> None:
    assert isinstance(deployment.index, dict)
    deployment.index["notice"] = NOTICE
    greeting = {"output": "I am tiny: see https://ollama.com/download.", "streaming": True}
    deployment.asked[ASSISTANT] = lambda body: assistant(body) if body.get("input") else greeting
    chat.reload()
    expect(chat.get_by_text("I am tiny")).to_be_visible()
    expect(chat.locator("[data-notice]")).to_be_hidden()
    asked(chat, "Capital?")
    expect(chat.locator("[data-notice]")).to_be_hidden()
    chat.reload()
    expect(chat.locator("chat-message")).to_have_count(2)
    expect(chat.locator("[data-notice]")).to_be_visible()
