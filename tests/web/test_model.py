"""Which model answers, whether its server does, and the choice of another one."""

from __future__ import annotations

import pytest
from chat_page import asked, enter
from deployment import Body, Deployment, Step, message, spoken
from playwright.sync_api import Page, expect
from starlette.responses import JSONResponse, Response

pytestmark = pytest.mark.browser

ASSISTANT = "chat/assistant"
MODELS = ["tiny:3m", "large:70b"]


def assistant(body: Body) -> Body:
    """List models for `@`, take `@name` as a choice, and greet."""
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


SERVERS = [
    {
        "name": "ollama",
        "title": "Ollama at 127.0.0.1:11434",
        "is_local": True,
        "models": ["tiny:3m"],
        "count": 1,
        "fault": None,
    },
    {
        "name": "foundry",
        "title": "Foundry Local at 127.0.0.1:5273",
        "is_local": True,
        "models": [],
        "count": 0,
        "fault": "Foundry Local at 127.0.0.1:5273 cannot be reached: start it.",
    },
    {
        "name": "azure",
        "title": "Azure OpenAI at my.openai.azure.com",
        "is_local": False,
        "models": ["gpt-4o", "o3"],
        "count": 302,
        "fault": None,
    },
]


@pytest.fixture
def several(page: Page, deployment: Deployment) -> Page:
    """Open a chat that has three model servers, of which one is down and one is far away."""

    def answer(body: Body) -> Body:
        if body.get("input") != "@":
            return assistant(body) | {"metrics": {"provider": "ollama"}}
        names = ["ollama/tiny:3m", "azure/gpt-4o", "azure/o3"]
        return {"output": "These:", "models": names, "providers": SERVERS}

    deployment.chat("Assistant", ASSISTANT, lambda _: spoken("Rome."))
    deployment.asked[ASSISTANT] = answer
    enter(page, deployment)
    return page


def test_the_models_are_grouped_by_server_with_what_leaves_this_machine(several: Page) -> None:
    several.locator("chat-model").get_by_role("button").first.click()
    groups = several.locator("[data-models]").get_by_role("group")
    expect(groups).to_have_count(3)
    near = several.get_by_role("group", name="Ollama at 127.0.0.1:11434")
    expect(near.get_by_role("button")).to_have_text(["ollama/tiny:3m"])
    expect(near.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(near).not_to_contain_text("leave")
    far = several.get_by_role("group", name="Azure OpenAI at my.openai.azure.com")
    expect(far.get_by_role("button")).to_have_text(["azure/gpt-4o", "azure/o3"])
    expect(far).to_contain_text("Messages leave this machine")
    expect(far).to_contain_text("300 more: type @ and the name of one")


def test_a_server_that_is_down_is_a_line_with_its_reason(several: Page) -> None:
    several.locator("chat-model").get_by_role("button").first.click()
    down = several.get_by_role("group", name="Foundry Local at 127.0.0.1:5273")
    expect(down).to_contain_text("cannot be reached: start it.")
    expect(down.get_by_role("button")).to_have_count(0)


def test_a_model_of_another_server_is_picked_by_its_whole_name(several: Page, deployment: Deployment) -> None:
    several.locator("chat-model").get_by_role("button").first.click()
    several.locator("[data-models]").get_by_role("button", name="azure/o3").click()
    expect(several.locator("chat-model [data-model]")).to_have_text("azure/o3")
    asked(several, "Capital?")
    assert deployment.said(ASSISTANT)[-1]["state"] == "uses azure/o3"


def test_models_can_be_chosen_whatever_their_names_look_like(page: Page, deployment: Deployment) -> None:
    def answer(body: Body) -> Body:
        if body.get("input") == "@":
            return {"output": "These:", "models": ["gpt-4o"]}
        return {"output": "Ask me.", "streaming": True, "state": "gpt-4o", "metrics": {"provider": "openai"}}

    deployment.chat("Assistant", ASSISTANT, lambda _: spoken("Rome."))
    deployment.asked[ASSISTANT] = answer
    enter(page, deployment)
    expect(page.locator("chat-model [data-dot]")).to_have_attribute("data-answers", "yes")


def test_who_answered_in_place_of_whom_stands_under_the_reply(chat: Page, deployment: Deployment) -> None:
    metrics = {"model": "gpt-4o", "provider": "azure", "asked": [{"provider": "foundry", "kind": "down"}]}
    deployment.streamed[ASSISTANT] = lambda _: [*spoken("Rome."), message(metrics=metrics)]
    expect(asked(chat, "Capital?").locator("[data-figures]")).to_contain_text("gpt-4o · in place of foundry")


DOWN = "The model server at 127.0.0.1:1 cannot be reached: check that it runs."


def failing(before: str = "") -> list[Step]:
    """Return the stream of a reply that ends in a failure."""
    error = {"kind": "down", "message": DOWN, "retry_after_s": None}
    said = [*spoken(before), *spoken(f"\n\n{DOWN}")] if before else spoken(DOWN)
    return [*said, message(error=error)]


def test_a_failure_of_the_model_is_no_answer_and_is_not_sent_as_history(
    chat: Page, deployment: Deployment
) -> None:
    deployment.streamed[ASSISTANT] = lambda body: failing() if body["input"] == "Capital?" else spoken("Yes.")
    reply = asked(chat, "Capital?", "failed")
    expect(reply.locator("[data-problem]")).to_have_text("The model could not answer.")
    expect(reply.locator("[data-detail]")).to_have_text(DOWN)
    expect(reply.locator("[data-text]")).to_have_text("")
    expect(reply.get_by_role("button", name="Retry")).to_be_visible()
    asked(chat, "Are you there?")
    assert deployment.said(ASSISTANT)[-1]["history"] == []


def test_what_the_model_said_before_it_failed_stays_and_can_go_on(chat: Page, deployment: Deployment) -> None:
    deployment.streamed[ASSISTANT] = lambda _: failing("Rome is")
    reply = asked(chat, "Capital?", "interrupted")
    expect(reply.locator("[data-text]")).to_have_text("Rome is")
    expect(reply.locator("[data-detail]")).to_have_text(DOWN)
    expect(reply.get_by_role("button", name="Continue")).to_be_visible()
