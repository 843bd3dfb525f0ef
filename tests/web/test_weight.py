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
PER_SECOND = 300
# So many are measured, at full rate, at either end of the reply; those between them come faster.
MEASURED = 1_200
WARM_UP = 1_000
# The bars. A machine that does something else besides measures up to so much more; a cost that grew with the
# length of the reply would be forty times as high at the end.
MAX_TASK_MS = 50
FLAT = 1.5
BUSY = 2.5

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


def measured(page: Page, cdp: CDPSession, deployment: Deployment, gate: str, marker: str) -> float:
    """Return CPU milliseconds of the page's main thread until the marker is on the page."""

    def spent() -> float:
        metrics = cdp.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1000

    before = spent()
    deployment.open(gate)
    page.wait_for_function(
        """(marker) => [...document.querySelector("chat-message:last-child [data-text]").children]
          .slice(-2).some((part) => part.textContent.includes(marker))""",
        arg=marker,
        polling=500,
        timeout=120_000,
    )
    return spent() - before


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
    slow, fast = (5, 5 / PER_SECOND), (60, 0.006)
    script: list[Step] = []
    for at, (part, pace) in enumerate(zip(parts, (fast, slow, fast, slow), strict=True)):
        script += [Gate(f"{at}"), *paced(part, *pace)]
    deployment.chat("Chat", "chat/x", lambda _: script)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    enter(page, deployment)
    ask(page, "Go")
    expect(last_reply(page)).to_be_visible()
    spent = [measured(page, cdp, deployment, "0", "end0mark")]
    browser.start_tracing(page=page, categories=["toplevel"])
    spent += [measured(page, cdp, deployment, f"{at}", f"end{at}mark") for at in range(1, len(parts))]
    longest = longest_task_ms(browser.stop_tracing())
    per_token = [milliseconds / len(part) for milliseconds, part in zip(spent, parts, strict=True)]
    growth = per_token[3] / per_token[1]
    print(  # noqa: T201
        f"CPU ms per token {per_token[1]:.2f}, at the end {growth:.2f} times as much (bar {FLAT}); "
        f"longest task {longest:.0f} ms (bar {MAX_TASK_MS})"
    )
    assert growth < BUSY * FLAT, per_token
    assert longest < BUSY * MAX_TASK_MS
