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

_TOKENS = 50_000
_PER_SECOND = 300
# So many are measured at either end of the reply, the first after a warm-up of as many.
_MEASURED = markdown_writer.MARK_EVERY
_MAX_WAIT_MS = 240_000
_LOOK_EVERY_MS = 100
_FIRST_PAINT_KB, _FLAT, _MAX_TASK_MS = 100, 1.5, 50
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_INDEX = (
    '#--web true\ndef main(args): return {"body": {"username": "devel", '
    '"services": [{"Bench": [{"name": "Writer", "url": "bench/markdown_writer"}]}]}}\n'
)
_ARRIVED = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint")
  const all = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
  const needed = all.filter(({ entryType: type, renderBlockingStatus: status }) =>
    type === "navigation" || status === "blocking")
  return [paint.startTime, needed.reduce((sum, { transferSize }) => sum + transferSize, 0)]
}"""
_SHOWN = """(mark) => [...document.querySelector("chat-message:last-child [data-text]").children]
  .slice(-3).some((part) => part.textContent.includes(mark))"""


def measure(target: Target) -> Iterator[Figure]:
    """Ask an action that writes as fast as a fast model, and count the CPU time of the page's main thread."""
    playwright, chromium = _installed()
    with _writing_desk() as desk, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=[*CHROMIUM_ARGUMENTS])
        page = browser.new_page(locale="en-GB", viewport={"width": 1100, "height": 760})
        page.goto(f"http://127.0.0.1:{desk.port}/")
        page.locator("[data-send]:enabled").wait_for()
        paint_ms, paint_bytes = page.evaluate(_ARRIVED)
        yield Figure("page: needed for the first paint", paint_bytes / 1000, "kB", _FIRST_PAINT_KB)
        yield Figure("page: first paint", paint_ms, "ms")
        yield from _reply(browser, page, max(4 * _MEASURED, target.share(_TOKENS) // _MEASURED * _MEASURED))
        browser.close()


def _installed() -> tuple[Any, str]:
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


def _writing_desk() -> Desk:
    """Return a localops with the page, and one chat: the action that writes Markdown."""
    desk = Desk()
    writer = Path(markdown_writer.__file__)
    (desk.hello.parent / writer.name).write_text(writer.read_text())
    menu = desk.hello.parent.parent / "mastrogpt"
    menu.mkdir()
    (menu / "index.py").write_text(_INDEX)
    return desk


def _reply(browser: Browser, page: Page, count: int) -> Iterator[Figure]:
    """Yield the figures of one reply."""
    counter: Any = page.context.new_cdp_session(page)
    counter.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.locator("textarea").fill(f"{count} {_PER_SECOND}")
    page.keyboard.press("Enter")
    spent_ms, seen_s = list[float](), list[float]()
    for number in (_MEASURED, 2 * _MEASURED, count - _MEASURED, count):
        page.wait_for_function(_SHOWN, arg=f"mark{number};", polling=_LOOK_EVERY_MS, timeout=_MAX_WAIT_MS)
        spent_ms.append(_cpu_ms(counter))
        seen_s.append(time.monotonic())
        if number == _MEASURED:
            browser.start_tracing(page=page, categories=["toplevel"])
    longest_ms = _longest_task_ms(browser.stop_tracing())
    begin_ms, end_ms = (spent_ms[at + 1] - spent_ms[at] for at in (0, 2))
    # A machine that is busy with other things holds up the action too.
    rate = (count - _MEASURED) / (seen_s[-1] - seen_s[0])
    pace = f"{count} tokens, {rate:.0f} in a second of {_PER_SECOND} asked for"
    yield Figure("page: CPU per token at the beginning", begin_ms / _MEASURED, "ms", note=pace)
    yield Figure("page: CPU per token at the end, beside the beginning", end_ms / begin_ms, "times", _FLAT)
    yield Figure("page: longest task after the first thousand tokens, CPU", longest_ms, "ms", _MAX_TASK_MS)


def _cpu_ms(counter: Any) -> float:
    """Return the processor time that the page's main thread has used so far."""
    metrics: list[dict[str, Any]] = counter.send("Performance.getMetrics")["metrics"]
    return next(1000 * metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def _longest_task_ms(trace: bytes) -> float:
    """Return the longest task of the main threads in a trace of Chromium."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    main = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [e for e in events if e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in main]
    return max(task.get("tdur", 0) for task in tasks) / 1000
