"""What the page costs: bytes before it can be used, and time per token however long the reply."""

from __future__ import annotations

import json
import re
import threading
from itertools import pairwise

import pytest
from chat_page import ask, enter, last_reply
from deployment import WEB, Deployment, Gate, Pause, Step, message
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route, expect

from bench.baselines.markdown_writer import MIXED

pytestmark = pytest.mark.browser

FIRST_PAINT_BYTES = 100_000
# As they are written, comments and all: compressed on the way they are a third.
START_BYTES = 212_000
TOKENS = 50_000
# So many are measured at either end of the reply, so many at a time; those between them come faster.
MEASURED = 1_200
AT_ONCE = 5
WARM_UP = 1_000
# The bars of `bench page`. A cost that grew with the reply would be forty times as high at its end; this test
# is for that alone, and allows for a machine on which a task takes longer at one time than at another.
MAX_TASK_MS = 50
FLAT = 1.5
MAX_GROWTH = 2.5
# A task that a busy machine interrupts takes up to so much longer.
BUSY = 2.5
# What is not drawn within this time, such as blanks at the end of a line, is drawn with what comes next.
NOT_DRAWN_MS = 1_000

KINDS = {
    "mixed": "".join(MIXED.format(n=n) for n in range(TOKENS // 60)),
    "one paragraph": "word and another one, " * TOKENS,
    "one list": "- item with **bold** text and `code`\n" * (TOKENS // 6),
    "one code block": "```python\n" + "x = compute(1, 'two', three=3)  # note\n" * (TOKENS // 6),
    "one table": "| a | b |\n|---|---|\n" + "| one | two words |\n" * (TOKENS // 5),
}


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    """Open a tab that has its process for itself, since what it costs is measured."""
    return context.new_page()


ARRIVED = """() => ["navigation", "resource"]
  .flatMap((type) => performance.getEntriesByType(type))
  .filter(({ responseEnd }) => responseEnd > 0)
  .map(({ name, transferSize }) => [new URL(name).pathname, transferSize])"""


def test_the_first_paint_needs_less_than_100_kilobytes(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    held: list[Route] = []
    painted = threading.Event()
    page.route(
        lambda url: "/js/" in url and "first-paint" not in url,
        lambda route: route.continue_() if painted.is_set() else held.append(route),
    )
    page.goto(deployment.url, wait_until="commit")
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    expect(page.get_by_text("MastroGPT", exact=True).first).to_be_visible()
    arrived = dict[str, int](page.evaluate(ARRIVED))
    print(f"{sum(arrived.values())} bytes before the first paint (bar {FIRST_PAINT_BYTES})")  # noqa: T201
    assert {f"/css/{file.name}" for file in (WEB / "css").iterdir()} <= arrived.keys()
    assert sum(arrived.values()) < FIRST_PAINT_BYTES
    painted.set()
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_what_the_page_starts_with_is_small_and_fetched_at_once(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    enter(page, deployment)
    markup = (WEB / "index.html").read_text(encoding="utf-8")
    preloaded = set(re.findall(r'modulepreload" href="([^"]+)"', markup))
    page.wait_for_load_state("networkidle")
    later = ("/js/markdown/", "/vendor/", "/api/", "/icon")
    needed = {path: size for path, size in page.evaluate(ARRIVED) if not path.startswith(later)}
    modules = {path for path in needed if path.endswith(".js")}
    assert modules == {*preloaded, "/js/app.js", "/js/first-paint.js"}
    assert sum(needed.values()) < START_BYTES, needed


def tokens_of(source: str) -> list[str]:
    return re.findall(r"\s*\S{1,6}\s?", source)[:TOKENS]


def paced(tokens: list[str], at_once: int, every_s: float) -> list[Step]:
    steps: list[Step] = []
    for at in range(0, len(tokens), at_once):
        steps += [message(output="".join(tokens[at : at + at_once])), Pause(every_s)]
    return steps


def in_step(tokens: list[str], gate: str) -> list[Step]:
    """Return steps that send a few tokens whenever a gate opens: `gate.0`, `gate.1`, …"""
    steps: list[Step] = []
    for number, at in enumerate(range(0, len(tokens), AT_ONCE)):
        steps += [Gate(f"{gate}.{number}"), message(output="".join(tokens[at : at + AT_ONCE]))]
    return steps


# Told by the page itself: who looks at each frame has frames made.
COUNT_DRAWN = """() => {
  const message = document.querySelector("chat-message:last-child")
  window.drawn = 0
  const count = () => { window.drawn++; window.tell?.() }
  new MutationObserver(count).observe(message, { subtree: true, childList: true, characterData: true })
}"""
DRAWN = """([count, timeout]) => window.drawn > count || new Promise((tell) => {
  window.tell = tell
  setTimeout(tell, timeout)
}).then(() => true)"""


def spent_ms(cdp: CDPSession) -> float:
    """Return CPU milliseconds of the page's main thread so far."""
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1000


def drawn_in_step(page: Page, cdp: CDPSession, deployment: Deployment, tokens: list[str], gate: str) -> float:
    """Return CPU milliseconds of the main thread for tokens of which the next come when the last are drawn.

    So the same is drawn as often at either end of the reply, however busy the machine is.
    """
    before_ms = spent_ms(cdp)
    for number in range(-(-len(tokens) // AT_ONCE)):
        count = page.evaluate("window.drawn")
        deployment.open(f"{gate}.{number}")
        page.evaluate(DRAWN, [count, NOT_DRAWN_MS])
    return spent_ms(cdp) - before_ms


def until_shown(page: Page, deployment: Deployment, gate: str, marker: str) -> None:
    deployment.open(gate)
    page.wait_for_function(
        """(marker) => [...document.querySelector("chat-message:last-child [data-text]").children]
          .slice(-2).some((part) => part.textContent.includes(marker))""",
        arg=marker,
        polling=500,
        timeout=120_000,
    )


def longest_task_ms(trace: bytes) -> float:
    """Return CPU milliseconds of the longest task of the page's main thread."""
    events = json.loads(trace)["traceEvents"]
    main = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [
        e["tdur"]
        for e in events
        if e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in main and "tdur" in e
    ]
    assert len(tasks) > TOKENS / 60
    return max(tasks) / 1000


@pytest.mark.parametrize("source", KINDS.values(), ids=KINDS)
def test_the_last_of_50000_tokens_cost_what_the_first_ones_did(
    page: Page, browser: Browser, deployment: Deployment, source: str
) -> None:
    tokens = tokens_of(source)
    cuts = [0, WARM_UP, WARM_UP + MEASURED, len(tokens) - MEASURED, len(tokens)]
    parts = [tokens[begin:end] for begin, end in pairwise(cuts)]
    parts = [[*part, f" end{at}mark "] for at, part in enumerate(parts)]
    script: list[Step] = []
    for at, part in enumerate(parts):
        script += in_step(part, f"{at}") if at % 2 else [Gate(f"{at}"), *paced(part, 60, 0.006)]
    deployment.chat("Chat", "chat/x", lambda _: script)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_be_visible()
    until_shown(page, deployment, "0", "end0mark")
    page.evaluate(COUNT_DRAWN)
    browser.start_tracing(page=page, categories=["toplevel"])
    begin_ms = drawn_in_step(page, cdp, deployment, parts[1], "1")
    until_shown(page, deployment, "2", "end2mark")
    end_ms = drawn_in_step(page, cdp, deployment, parts[3], "3")
    longest = longest_task_ms(browser.stop_tracing())
    growth, per_token = end_ms / begin_ms, begin_ms / len(parts[1])
    print(  # noqa: T201
        f"CPU ms per token {per_token:.2f}, at the end {growth:.2f} times as much (bar {FLAT}); "
        f"longest task {longest:.0f} ms (bar {MAX_TASK_MS})"
    )
    assert growth < MAX_GROWTH, (begin_ms, end_ms)
    assert longest < BUSY * MAX_TASK_MS
