"""What differs between browsers, in a real WebKit: run where WebKitGTK's driver is installed.

On Debian: `apt-get install webkit2gtk-driver xvfb`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from deployment import Deployment, spoken
from waiting import PATIENCE_S, eventually, in_time

pytestmark = pytest.mark.browser

BROWSERS = sorted(Path("/usr").glob("lib*/**/webkit2gtk-4*/MiniBrowser"))
STARTS_WITHIN_S = 60.0
QUIET = subprocess.DEVNULL


class WebKit:
    """One window, driven as the WebDriver standard says."""

    def __init__(self, driver: str) -> None:
        self._http = httpx.Client(base_url=driver, timeout=STARTS_WITHIN_S, trust_env=False)
        options = {"binary": str(BROWSERS[0]), "args": ["--automation"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = self._call("POST", "/session", {"capabilities": capabilities})
        self._session = f"/session/{session['sessionId']}"

    def open(self, url: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str, *args: object) -> Any:
        """Return what the body of a function returns on the page."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": [*args]})

    def enter_frame(self) -> None:
        found = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": "iframe"})
        self._call("POST", f"{self._session}/frame", {"id": found})

    def quit(self) -> None:
        self._call("DELETE", self._session)
        self._http.close()

    def _call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body)
        answer = self._http.request(method, path, content=content)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()["value"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def webkit() -> Iterator[WebKit]:
    if not (BROWSERS and shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
        pytest.skip("no WebKit with a driver here: install webkit2gtk-driver and xvfb to try the page in it")
    read, write = os.pipe()
    display = subprocess.Popen(["Xvfb", "-displayfd", str(write)], pass_fds=[write], stderr=QUIET)
    os.close(write)
    with os.fdopen(read) as number:
        screen = {
            **os.environ,
            "DISPLAY": f":{in_time(number.readline, 'the number of the display').strip()}",
        }
    port = free_port()
    driver = subprocess.Popen(["WebKitWebDriver", f"--port={port}"], env=screen, stdout=QUIET, stderr=QUIET)
    try:
        comes("WebKitWebDriver answers", lambda: answers(port))
        browser = WebKit(f"http://127.0.0.1:{port}")
        yield browser
        browser.quit()
    finally:
        for process in (driver, display):
            process.terminate()
            process.wait(PATIENCE_S)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def comes(what: str, seen: Callable[[], object]) -> None:
    assert eventually(lambda: bool(seen()), STARTS_WITHIN_S), f"it did not come to this: {what}"


@pytest.fixture
def chat(webkit: WebKit, deployment: Deployment) -> WebKit:
    deployment.chat("Chat", "chat/x", lambda _: spoken("**Rome.**\n\n```py\nx = 1\n```\n\n$x^2$"))
    webkit.open(deployment.url)
    comes(
        "the box takes messages", lambda: webkit.run("return !document.querySelector('[data-send]').disabled")
    )
    return webkit


SEND = """
  const box = document.querySelector("textarea")
  const low = box.offsetHeight
  box.value = arguments[0]
  box.dispatchEvent(new Event("input"))
  const tall = box.offsetHeight
  box.form.requestSubmit()
  return [low, tall, box.offsetHeight]"""
REPLY = "return document.querySelector('chat-message:last-child[aria-busy=false]:not([data-opening])')"


def test_a_reply_streams_and_is_formatted(chat: WebKit) -> None:
    chat.run(SEND, "Capital?")
    comes("the reply is there", lambda: chat.run(f"{REPLY} !== null"))
    assert chat.run(f"{REPLY}.querySelector('strong').textContent") == "Rome."
    comes("code has colours", lambda: chat.run(f"{REPLY}.querySelector('.code__word') !== null"))
    comes("the formula is set", lambda: chat.run(f"{REPLY}.querySelector('.katex') !== null"))


def test_the_box_is_low_again_after_sending(chat: WebKit) -> None:
    low, tall, after = chat.run(SEND, "one\ntwo\nthree\nfour\nfive")
    assert tall > 2 * low
    assert after == low


def test_html_of_an_action_is_shown(chat: WebKit, deployment: Deployment) -> None:
    deployment.asked["chat/x"] = lambda body: (
        {"output": "See:", "html": "<h2 style='height: 300px'>Shown</h2>"}
        if "input" in body
        else {"output": ""}
    )
    chat.open(deployment.url)
    comes(
        "the box takes messages", lambda: chat.run("return !document.querySelector('[data-send]').disabled")
    )
    chat.run(SEND, "Go")
    comes("the frame grows", lambda: chat.run("return document.querySelector('iframe')?.height > 300"))
    chat.enter_frame()
    assert chat.run("return document.body.innerText").strip() == "Shown"
