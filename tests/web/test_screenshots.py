"""Pictures of the page in its main states, for a person to look at.

`python -m pytest tests/web -m screenshots` puts them into the folder `screenshots`, which git ignores.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from chat_page import ask, asked, enter, last_reply
from deployment import Body, Deployment, Gate, Step, message, spoken
from playwright.sync_api import Browser, Page, expect
from sample_reply import REPLY, THOUGHTS
from starlette.responses import HTMLResponse, Response

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "screenshots"
METRICS = {"model": "llama3.1:8b", "tokens": 312, "first_token_ms": 184.0, "tokens_per_s": 41.7}
QUESTION = "What is the capital of Italy, and since when?"
ANSWER = "**Rome**, since 1871. Before that it was Florence, and before that Turin."
MODELS = ["llama3.1:8b", "deepseek-r1:32b", "mastrogpt-tiny:3m"]

pytestmark = [pytest.mark.browser, pytest.mark.screenshots]

FOUNDRY_IS_DOWN = (
    "Foundry Local at 127.0.0.1:5273 cannot be reached (connection refused): start it with "
    "`foundry server start`; its port changes at each start."
)


def assistant(body: Body) -> Body:
    if str(body.get("input", "")).startswith("@"):
        return {"output": "The server has these models.", "models": MODELS, "state": "llama3.1:8b"}
    return {
        "output": "You are talking to llama3.1:8b. Type a message.",
        "streaming": True,
        "state": MODELS[0],
    }


@pytest.fixture
def action(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Provide one of this project's own example actions."""

    def load(name: str) -> ModuleType:
        monkeypatch.syspath_prepend(ROOT / "packages" / "mastrogpt" / name)
        return importlib.import_module(name)

    return load


@pytest.fixture
def desk(deployment: Deployment, action: Callable[[str], ModuleType]) -> Deployment:
    """Provide a deployment like the one this project makes."""
    script = [message(thinking=THOUGHTS), *spoken(REPLY), message(metrics=METRICS)]
    deployment.chat("Assistant", "chat/assistant", lambda _: script)
    deployment.asked["chat/assistant"] = assistant
    deployment.chat("Stateless", "chat/stateless", lambda _: [b"not ok (502 Bad Gateway)\n"])
    deployment.asked["mastrogpt/demo"] = action("demo").demo
    shown = action("display").display
    deployment.asked["mastrogpt/display"] = lambda body: HTMLResponse(shown(body)["body"])
    assert isinstance(deployment.index, dict)
    deployment.index["services"].append({"Examples": [{"name": "Demo", "url": "mastrogpt/demo"}]})
    return deployment


@pytest.fixture(params=["light", "dark", "phone"])
def look(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[str, Page]]:
    """Provide a name for the picture, and a page on a desk by day or by night, or on a phone."""
    phone = request.param == "phone"
    size: Any = {"width": 360, "height": 740} if phone else {"width": 1200, "height": 800}
    scheme: Any = "dark" if request.param == "dark" else "light"
    with browser.new_context(
        viewport=size, color_scheme=scheme, has_touch=phone, is_mobile=phone, locale="en-GB"
    ) as context:
        yield request.param, context.new_page()


def answering(desk: Deployment, steps: list[Step]) -> None:
    desk.streamed["chat/assistant"] = lambda _: steps


def empty(page: Page, desk: Deployment) -> None:
    assert isinstance(desk.index, dict)
    desk.index["notice"] = "A tiny built-in model answers. Set OLLAMA_HOST to connect a real one."
    enter(page, desk)
    expect(page.get_by_text("You are talking")).to_be_visible()


def waiting(page: Page, desk: Deployment) -> None:
    answering(desk, [Gate("never")])
    enter(page, desk)
    ask(page, QUESTION)
    expect(last_reply(page).locator("[data-waiting]")).to_be_visible()


def streaming(page: Page, desk: Deployment) -> None:
    answering(desk, [message(output=REPLY[:420]), Gate("never")])
    enter(page, desk)
    ask(page, QUESTION)
    expect(last_reply(page).locator("li")).to_have_count(5)


def reasoning(page: Page, desk: Deployment) -> None:
    answering(desk, [message(thinking=THOUGHTS), *spoken(ANSWER), message(metrics=METRICS)])
    enter(page, desk)
    asked(page, QUESTION)
    last_reply(page).locator("summary").click()


def rich(page: Page, desk: Deployment) -> None:
    enter(page, desk)
    asked(page, QUESTION)
    expect(last_reply(page).locator(".katex")).to_have_count(2)
    expect(last_reply(page).locator(".code__word").first).to_be_visible()
    page.locator("chat-transcript").evaluate(
        "(room) => { room.dispatchEvent(new PointerEvent('pointerdown')); room.scrollTo(0, 0) }"
    )
    expect(page.get_by_role("button", name="Jump to the end")).to_be_visible()


def code(page: Page, desk: Deployment) -> None:
    rich(page, desk)
    page.get_by_role("button", name="Jump to the end").click()


def conversation(page: Page, desk: Deployment) -> None:
    for question, answer in (
        ("How do I reverse a list in Python?", "Use `reversed(names)`, or `names.reverse()` in place."),
        ("A recipe for ribollita", "Bread, beans, kale, and a day of patience."),
        ("Translate “buona fortuna”", "Good luck."),
    ):
        answering(desk, [*spoken(answer), message(metrics=METRICS)])
        page.goto("about:blank")
        enter(page, desk)
        asked(page, question)
    answering(desk, [*spoken("It comes from *fortuna*, chance, good or bad."), message(metrics=METRICS)])
    asked(page, "Where does the word come from?")
    page.locator("chat-message[data-from=user]").first.hover()


def error(page: Page, desk: Deployment) -> None:
    enter(page, desk)
    answering(desk, [message(error="The model server at 127.0.0.1:11434 does not answer: start Ollama.")])
    asked(page, QUESTION, "failed")


def interrupted(page: Page, desk: Deployment) -> None:
    answering(desk, [*spoken(ANSWER[:40]), b'{"out'])
    enter(page, desk)
    asked(page, QUESTION, "interrupted")


def edited(page: Page, desk: Deployment) -> None:
    answering(desk, [*spoken(ANSWER), message(metrics=METRICS)])
    enter(page, desk)
    asked(page, QUESTION)
    page.get_by_role("textbox", name="Message").press("ArrowUp")
    expect(page.get_by_role("textbox", name="Edit the message")).to_be_focused()


def demo(kind: str) -> Callable[[Page, Deployment], None]:
    def state(page: Page, desk: Deployment) -> None:
        enter(page, desk)
        if page.get_by_role("button", name="Show the menu").is_visible():
            page.get_by_role("button", name="Show the menu").click()
        page.get_by_role("button", name="Demo").click()
        expect(page.get_by_text("Welcome to the demo")).to_be_visible()
        asked(page, kind)
        if kind in ("form", "options"):
            expect(last_reply(page).locator("chat-form, .options")).to_be_visible()
        if kind in ("html", "chess"):
            expect(last_reply(page).frame_locator("iframe").locator("table, svg").first).to_be_visible()
            page.wait_for_function("() => document.querySelector('iframe').clientHeight > 160")

    state.__name__ = kind
    return state


def settings(page: Page, desk: Deployment) -> None:
    enter(page, desk)
    page.keyboard.press("Control+Comma")
    expect(page.get_by_role("dialog")).to_be_visible()


def keyboard(page: Page, desk: Deployment) -> None:
    enter(page, desk)
    page.keyboard.press("Control+Slash")
    expect(page.get_by_role("dialog")).to_be_visible()


def login(page: Page, desk: Deployment) -> None:
    desk.asked["chat/assistant"] = lambda _: {"output": "Log in.", "login": True}
    enter(page, desk)
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()


def menu(page: Page, desk: Deployment) -> None:
    answering(desk, [*spoken(ANSWER), message(metrics=METRICS)])
    enter(page, desk)
    asked(page, QUESTION)
    page.get_by_role("button", name="llama3.1:8b").click()
    expect(page.get_by_text("The model server answers.")).to_be_visible()


def no_model(page: Page, desk: Deployment) -> None:
    reason = "The model server at 127.0.0.1:11434 does not answer. Start Ollama, or set OLLAMA_HOST."
    desk.asked["chat/assistant"] = lambda body: (
        {"output": reason} if body.get("input") == "@" else assistant(body)
    )
    enter(page, desk)
    page.get_by_role("button", name="No model").click()
    expect(page.get_by_text("Start Ollama")).to_be_visible()


def servers(page: Page, desk: Deployment) -> None:
    providers = [
        server("ollama", "Ollama at localhost:11434", ["llama3.1:8b", "deepseek-r1:32b"], is_local=True),
        server("foundry", "Foundry Local at 127.0.0.1:5273", [], is_local=True, fault=FOUNDRY_IS_DOWN),
        server("azure", "Azure OpenAI at my.openai.azure.com", ["gpt-4o"], is_local=False),
    ]
    names = [f"{each['name']}/{model}" for each in providers for model in each["models"]]
    listing = {"output": "These models can be chosen:", "models": names, "providers": providers}
    desk.asked["chat/assistant"] = lambda body: listing if body.get("input") == "@" else assistant(body)
    metrics = {**METRICS, "model": "gpt-4o", "provider": "azure", "asked": [{"provider": "foundry"}]}
    answering(desk, [*spoken(ANSWER), message(metrics=metrics)])
    enter(page, desk)
    asked(page, QUESTION)
    page.locator("chat-model").get_by_role("button").first.click()
    expect(page.get_by_text("Messages leave this machine")).to_be_visible()


def server(
    name: str, title: str, models: list[str], *, is_local: bool, fault: str | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "is_local": is_local,
        "models": models,
        "count": len(models),
        "fault": fault,
    }


def failed_model(page: Page, desk: Deployment) -> None:
    error = {"kind": "down", "message": FOUNDRY_IS_DOWN, "retry_after_s": None}
    answering(desk, [*spoken(FOUNDRY_IS_DOWN), message(error=error)])
    enter(page, desk)
    asked(page, QUESTION, "failed")


def versions(page: Page, desk: Deployment) -> None:
    for number, answer in enumerate(("Rome.", "Rome, since 1871; before that Florence.", ANSWER)):
        answering(desk, [*spoken(answer), message(metrics=METRICS)])
        if number == 0:
            enter(page, desk)
            asked(page, QUESTION)
        else:
            last_reply(page).get_by_role("button", name="Answer again").click()
        expect(last_reply(page)).to_contain_text(answer.replace("*", ""))
        expect(last_reply(page)).to_have_attribute("aria-busy", "false")
    page.get_by_role("button", name="Previous version").click()
    expect(last_reply(page).get_by_text("2/3")).to_be_visible()


def sidebar(page: Page, desk: Deployment) -> None:
    conversation(page, desk)
    if page.get_by_role("button", name="Show the menu").is_visible():
        page.get_by_role("button", name="Show the menu").click()
    expect(page.get_by_role("searchbox")).to_be_visible()


def unreachable(page: Page, desk: Deployment) -> None:
    page.route("**/api/my/mastrogpt/index", lambda route: route.abort())
    page.goto(desk.url)
    expect(page.get_by_role("heading", name="The deployment does not answer")).to_be_visible()


def right_to_left(page: Page, desk: Deployment) -> None:
    words = 'export default { direction: "rtl", words: { "composer.placeholder": "اكتب رسالة" } }'
    desk.files["js/lang/ar.js"] = Response(words, media_type="text/javascript")
    page.add_init_script("""localStorage["mastrogpt-preferences"] = '{"language":"ar"}'""")
    answering(desk, [*spoken("عاصمة إيطاليا هي **روما** منذ عام 1871.\n\n- روما\n- فلورنسا\n- تورينو")])
    enter(page, desk)
    expect(asked(page, "ما هي عاصمة إيطاليا؟").locator("strong")).to_be_visible()


STATES: list[Callable[[Page, Deployment], None]] = [
    empty,
    waiting,
    streaming,
    reasoning,
    rich,
    code,
    conversation,
    error,
    interrupted,
    edited,
    demo("form"),
    demo("html"),
    demo("chess"),
    demo("options"),
    settings,
    keyboard,
    login,
    menu,
    no_model,
    servers,
    failed_model,
    versions,
    sidebar,
    unreachable,
    right_to_left,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_picture(look: tuple[str, Page], desk: Deployment, state: Callable[[Page, Deployment], None]) -> None:
    name, page = look
    state(page, desk)
    page.evaluate("() => document.fonts.ready")
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{state.__name__}-{name}.png"
    page.screenshot(path=file, animations="disabled")
    assert file.stat().st_size > 0
