"""Fixtures for the page: a real Chromium and a deployment that does what a test says."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from deployment import Deployment, deployed

from bench.subjects.page import CHROMIUM_ARGUMENTS

# A busy machine may be slow to draw; what is right comes long before this.
SLOWEST_MS = 30_000
expect.set_options(timeout=SLOWEST_MS)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "screenshots: takes pictures of the page; only run when asked for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the pictures out unless `-m screenshots` asks for them."""
    if "screenshots" in config.option.markexpr:
        return
    pictures = [item for item in items if item.get_closest_marker("screenshots")]
    config.hook.pytest_deselected(items=pictures)
    items[:] = [item for item in items if item not in pictures]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("browser tests are required, and there is no chromium on the PATH")
        pytest.skip("no chromium on the PATH: install it to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_ARGUMENTS])
        yield browser
        browser.close()


def _new_context(browser: Browser) -> BrowserContext:
    context = browser.new_context(locale="en-GB", viewport={"width": 1100, "height": 760})
    context.set_default_timeout(SLOWEST_MS)
    return context


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Make a profile of its own, in a process of its own: twice the work of a tab in the other one."""
    context = _new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """Keep a profile in which tests have one tab after another, and a tab that keeps the process for them."""
    context = _new_context(browser)
    keeper = context.new_page()
    keeper.route("**", lambda route: route.fulfill(body="", content_type="text/html"))
    keeper.goto("http://localhost:9/")
    yield context
    context.close()


@pytest.fixture
def tab(profile: BrowserContext) -> Iterator[Page]:
    """Open a tab in which attacks may break upon the page's security policy; nothing of it is left behind."""
    yield profile.new_page()
    keeper, *opened = profile.pages
    addresses = [urlsplit(page.url) for page in opened]
    for page in opened:
        page.close()
    storage = profile.new_cdp_session(keeper)
    for origin in {f"{url.scheme}://{url.netloc}" for url in addresses if url.netloc}:
        storage.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    storage.detach()
    profile.clear_cookies()
    profile.clear_permissions()
    profile.set_offline(False)


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """Provide a tab that fails the test when the page throws or breaks its own security policy."""
    page = tab
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Security Policy" in line.text else None)
    yield page
    assert wrong == []


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with deployed() as deployment:
        yield deployment
