"""What a model says is text: it runs nothing, fetches nothing and leads nowhere by itself."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from chat_page import asked, enter
from deployment import WEB, Deployment, message
from playwright.sync_api import Page, Request, expect

ATTEMPTS = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg onload=window.hacked=1><a xlink:href='javascript:window.hacked=1'>x</a></svg>",
    "<svg><script>window.hacked = 1</script></svg>",
    "<iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>",
    "<details open ontoggle=window.hacked=1>x</details>",
    "<math><mtext></p><img src=x onerror=window.hacked=1></math>",
    "<style>@import 'http://evil.example/x.css'</style><link rel=stylesheet href=http://evil.example/y.css>",
    "<base href=http://evil.example/><form action=http://evil.example><input name=x></form>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "[click](javascript:window.hacked=1) [click](JaVaScRiPt:hacked=1) [click](java&#10;script:hacked=1)",
    "[click](data:text/html,<script>opener.hacked=1</script>) [click](vbscript:x) [click](file:///etc/passwd)",
    "[click](&#106;avascript:window.hacked=1) <javascript:window.hacked=1> [x]: javascript:hacked",
    '![x](http://evil.example/a.png"onerror="window.hacked=1) ![x](javascript:window.hacked=1)',
    "![x](data:image/svg+xml,<svg onload=window.hacked=1>) ![x](data:text/html;base64,PHNjcmlwdD4=)",
    '[a](http://evil.example" onclick="hacked=1) [a](<http://evil.example" onfocus=hacked=1 autofocus>)',
    "```html\n<script>window.hacked = 1</script>\n<img src=x onerror=window.hacked=1>\n```",
    '```js" onmouseover="window.hacked=1\nx\n```',
    "| <img src=x onerror=window.hacked=1> | b |\n|---|---|\n| <script>hacked=1</script> | `<b>` |",
    "$\\href{javascript:window.hacked=1}{x}$ $\\includegraphics{http://evil.example/z.png}$",
    "$\\htmlData{x=y}{z} \\url{javascript:window.hacked=1} \\style{background:url(http://evil.example)}{x}$",
    "$$\\def\\a{\\a\\a}\\a$$ $$\\rule{1000000em}{1000000em}$$",
    "&lt;script&gt;window.hacked = 1&lt;/script&gt; &#60;img src=x onerror=hacked=1&#62;",
    "<scr<script>ipt>window.hacked = 1</scr</script>ipt>",
    "<a href='x' style='position:fixed;inset:0'>x</a><p style='background:url(http://evil.example/b)'>",
    "![x](https://%) ![x](http://[) [x](https://%) <https://%> ![x](http://evil.example:99999/)",
    "<!--><img src=x onerror=window.hacked=1>--><![CDATA[<img src=x onerror=window.hacked=1>]]>",
    "[think]<img src=x onerror=window.hacked=1>[/think]<think>\n<script>hacked=1</script></think>",
]


def requests_to_evil(tab: Page) -> list[str]:
    """Return the requests that the browser lets through from now on, without those that it blocks."""
    outside: list[str] = []

    def failed(request: Request) -> None:
        if "evil" in request.url and request.failure != "csp":
            outside.append(f"{request.url} {request.failure}")

    tab.on("requestfailed", failed)
    tab.on("requestfinished", lambda request: outside.append(request.url) if "evil" in request.url else None)
    return outside


@pytest.mark.browser
@pytest.mark.parametrize("size", [1, 7, 10_000], ids=["byte by byte", "in pieces", "whole"])
def test_nothing_that_a_model_says_runs_or_fetches(tab: Page, deployment: Deployment, size: int) -> None:
    text = "\n\n".join([*ATTEMPTS, "The end."])
    pieces = [message(output=text[at : at + size]) for at in range(0, len(text), size)]
    deployment.chat("Chat", "chat/x", lambda _: pieces)
    outside = requests_to_evil(tab)
    tab.on("dialog", lambda dialog: outside.append(dialog.message))
    tab.on("popup", lambda popup: outside.append(popup.url))
    enter(tab, deployment)
    reply = asked(tab, "Go")
    expect(reply.locator("[data-text] p").last).to_have_text("The end.")
    for details in reply.locator("details").all():
        details.evaluate("(details) => (details.open = true)")
    for link in reply.get_by_role("link").all():
        assert re.match("https?:|mailto:", link.get_attribute("href") or "")
    found = reply.evaluate(
        """
        (reply) => [...reply.querySelectorAll("*")].filter((element) =>
          element.matches("script, iframe, object, embed, form, base, meta, link, style, svg script") ||
          [...element.attributes].some(({ name }) => name.startsWith("on")) ||
          (element.matches("img") && !element.src.startsWith("data:image/"))
        ).map((element) => element.outerHTML)"""
    )
    assert found == []
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("window.hacked") is None
    assert outside == []


@pytest.mark.browser
def test_html_of_an_action_stands_in_a_sandbox(tab: Page, deployment: Deployment) -> None:
    html = (
        "<h2 style='color: rgb(1, 2, 3)'>Shown</h2><script>top.hacked = 1; parent.hacked = 1</script>"
        "<img src=x onerror='parent.hacked = 1'><img src='http://evil.example/a.png'>"
        "<form action='http://evil.example'><button>Go</button></form><a href='http://evil.example'>out</a>"
    )
    deployment.chat("Chat", "chat/x", lambda _: [])
    deployment.asked["chat/x"] = lambda _: {"output": "See:", "html": html}
    outside = requests_to_evil(tab)
    enter(tab, deployment)
    reply = asked(tab, "Go")
    frame = reply.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Shown")).to_have_css("color", "rgb(1, 2, 3)")
    sandbox = reply.locator("iframe").get_attribute("sandbox") or ""
    assert "allow-same-origin" not in sandbox
    assert "allow-forms" not in sandbox
    frame.get_by_role("button", name="Go").click()
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("window.hacked") is None
    assert outside == []


@pytest.mark.browser
def test_the_page_connects_to_what_the_deployment_named_and_nowhere_else(
    tab: Page, deployment: Deployment
) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    enter(tab, deployment)
    blocked = tab.evaluate(
        """() => new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) => {
            resolve(event.effectiveDirective)
          })
          fetch("http://evil.example/").catch(() => {})
        })"""
    )
    assert blocked == "connect-src"


@pytest.mark.browser
def test_the_browser_refuses_markup_as_text_even_from_our_own_code(tab: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    enter(tab, deployment)
    refused = tab.evaluate(
        """() => {
          try {
            document.body.insertAdjacentHTML("beforeend", "<b>x</b>")
          } catch (error) {
            return error.name
          }
        }"""
    )
    assert refused == "TypeError"


MARKUP_AS_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe|createContextualFragment"
    r"|\beval\(|new Function\("
)
# It has a way to write markup that the page never calls: it runs in a worker, where there is no document.
IN_A_WORKER = {WEB / "vendor" / "highlight" / "highlight.min.js"}


@pytest.mark.parametrize(
    "file", sorted({*WEB.rglob("*.js"), *WEB.rglob("*.html")} - IN_A_WORKER), ids=lambda file: file.name
)
def test_no_code_turns_text_into_markup(file: Path) -> None:
    assert MARKUP_AS_TEXT.findall(file.read_text(encoding="utf-8")) == []


def test_only_the_worker_imports_what_could_write_markup() -> None:
    users = [
        file.name for file in WEB.rglob("*.js") if "highlight.min.js" in file.read_text(encoding="utf-8")
    ]
    assert users == ["highlight-worker.js"]


def test_what_is_vendored_is_what_the_record_says() -> None:
    record = (WEB / "vendor" / "README.md").read_text(encoding="utf-8")
    recorded = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", record, re.MULTILINE))
    files = {
        file.relative_to(WEB / "vendor").as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (WEB / "vendor").rglob("*")
        if file.is_file() and file.suffix != ".ts" and file.name not in {"README.md"}
    }
    assert files == recorded
