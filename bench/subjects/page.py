"""What a long reply costs the chat page in Chromium: first paint, time per token, longest task."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.baselines import markdown_writer
from bench.desk import Desk
from bench.errors import BenchError
from bench.figure import Figure
from bench.target import Target

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOKENS = 50_000
PER_SECOND = 300
# So many are measured at either end of the reply, the first after a warm-up of as many.
MEASURED = markdown_writer.MARK_EVERY
LONGEST_WAIT_MS = 240_000
LOOK_EVERY_MS = 100
FIRST_PAINT_KB, FLAT, LONGEST_TASK_MS = 100, 1.5, 50
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INDEX = (
    '#--web true\ndef main(args): return {"body": {"username": "devel", '
    '"services": [{"Bench": [{"name": "Writer", "url": "bench/markdown_writer"}]}]}}\n'
)
ARRIVED = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint")
  const all = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
  const needed = all.filter(({ entryType: type, renderBlockingStatus: status }) =>
    type === "navigation" || status === "blocking")
  return [paint.startTime, needed.reduce((sum, { transferSize }) => sum + transferSize, 0)]
}"""
SHOWN = """(mark) => [...document.querySelector("chat-message:last-child [data-text]").children]
  .slice(-3).some((part) => part.textContent.includes(mark))"""


def measure(target: Target) -> Iterator[Figure]:
    """Ask an action that writes as fast as a fast model, and count the CPU time of the page's main thread."""
    playwright, chromium = installed()
    with writing_desk() as desk, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=[*CHROMIUM_ARGUMENTS])
        page = browser.new_page(locale="en-GB", viewport={"width": 1100, "height": 760})
        page.goto(f"http://127.0.0.1:{desk.port}/")
        page.locator("[data-send]:enabled").wait_for()
        paint_ms, paint_bytes = page.evaluate(ARRIVED)
        yield Figure("page: needed for the first paint", paint_bytes / 1000, "kB", FIRST_PAINT_KB)
        yield Figure("page: first paint", paint_ms, "ms")
        yield from reply(browser, page, max(4 * MEASURED, target.share(TOKENS) // MEASURED * MEASURED))
        browser.close()


def installed() -> tuple[Any, str]:
    """Playwright and the path of Chromium, which only this subject needs.

    Raises:
        BenchError: one of them is not installed.
    """
    chromium = shutil.which("chromium")
    if chromium is None or importlib.util.find_spec("playwright") is None:
        raise BenchError(
            "it needs Chromium on the PATH and Playwright, which `python3 -m localops test` installs"
        )
    return importlib.import_module("playwright.sync_api"), chromium


def writing_desk() -> Desk:
    """A localops with the page, and one chat: the action that writes Markdown."""
    desk = Desk()
    writer = Path(markdown_writer.__file__)
    (desk.hello.parent / writer.name).write_text(writer.read_text())
    menu = desk.hello.parent.parent / "mastrogpt"
    menu.mkdir()
    (menu / "index.py").write_text(INDEX)
    return desk


def reply(browser: Browser, page: Page, count: int) -> Iterator[Figure]:
    """The figures of one reply."""
    counter: Any = page.context.new_cdp_session(page)
    counter.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.locator("textarea").fill(f"{count} {PER_SECOND}")
    page.keyboard.press("Enter")
    spent_ms, seen_s = list[float](), list[float]()
    for number in (MEASURED, 2 * MEASURED, count - MEASURED, count):
        page.wait_for_function(SHOWN, arg=f"mark{number};", polling=LOOK_EVERY_MS, timeout=LONGEST_WAIT_MS)
        spent_ms.append(cpu_ms(counter))
        seen_s.append(time.monotonic())
        if number == MEASURED:
            browser.start_tracing(page=page, categories=["toplevel"])
    longest_ms = longest_task_ms(browser.stop_tracing())
    begin_ms, end_ms = (spent_ms[at + 1] - spent_ms[at] for at in (0, 2))
    # A machine that is busy with other things holds up the action too.
    rate = (count - MEASURED) / (seen_s[-1] - seen_s[0])
    pace = f"{count} tokens, {rate:.0f} in a second of {PER_SECOND} asked for"
    yield Figure("page: CPU per token at the beginning", begin_ms / MEASURED, "ms", note=pace)
    yield Figure("page: CPU per token at the end, beside the beginning", end_ms / begin_ms, "times", FLAT)
    yield Figure("page: longest task after the first thousand tokens, CPU", longest_ms, "ms", LONGEST_TASK_MS)


def cpu_ms(counter: Any) -> float:
    """What the page's main thread has used so far."""
    metrics: list[dict[str, Any]] = counter.send("Performance.getMetrics")["metrics"]
    return next(1000 * metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def longest_task_ms(trace: bytes) -> float:
    """The longest task of the main threads in a trace of Chromium."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    main = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [e for e in events if e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in main]
    return max(task.get("tdur", 0) for task in tasks) / 1000
