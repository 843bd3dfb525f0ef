"""The inspector in a real browser: it follows what runs without being asked to."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess, copy_of
from playwright.sync_api import Page, expect

EXAMPLES = ROOT / "tests" / "examples"

pytestmark = pytest.mark.browser


@pytest.fixture
def inspector(page: Page, desk: LocalopsProcess) -> Page:
    page.goto(f"{desk.url}/_localops")
    expect(page.get_by_role("status")).to_have_text("live")
    return page


def act(desk: LocalopsProcess, *steps: list[Any]) -> str:
    """Have an action do these steps with its connection; return the id of its activation."""
    answer = httpx.post(f"{desk.url}/web/devel/streams/steps", json={"steps": steps}, timeout=30)
    return answer.headers["x-openwhisk-activation-id"]


def call(desk: LocalopsProcess, action: str, **members: Any) -> str:
    answer = httpx.post(f"{desk.url}/api/my/cases/{action}", json=members, timeout=20)
    return answer.headers["x-openwhisk-activation-id"]


def choose(inspector: Page, activation: str) -> None:
    """Click on an activation in the list, once it is there."""
    inspector.locator(f"activation-list a[href$='{activation}']").click()
    expect(inspector.get_by_role("region", name="Arguments")).to_be_visible()
    expect(inspector.get_by_text(activation)).to_be_visible()


def test_an_activation_appears_as_it_runs_and_is_followed_to_its_end(inspector: Page, desk: LocalopsProcess):
    steps = [["connect", None], ["send", '{"output": "first "}'], ["wait for the end", 60]]
    address = f"{desk.url}/web/devel/streams/steps"
    with httpx.stream("POST", address, json={"steps": steps}, timeout=60) as reading:
        running = inspector.get_by_role("link", name="streams/steps").first
        expect(running).to_contain_text("running")
        running.click()
        expect(inspector.get_by_role("table", name="Messages")).to_contain_text("first ")
        expect(inspector.get_by_role("region", name="Result")).to_have_count(0)
        assert reading.status_code == 200
    expect(inspector.get_by_role("region", name="Result")).to_contain_text('"statusCode": 204')
    expect(running).not_to_contain_text("running")


def test_a_message_shows_what_productions_reads_do_to_it(inspector: Page, desk: LocalopsProcess):
    long = '{"output": "' + "x" * 3000 + '"}'
    sent = ['{"output": "a"}{"output": "b"}', "no object", long]
    steps = [step for text in sent for step in (["send", text], ["sleep", 0.1])]
    choose(inspector, act(desk, ["connect", None], *steps))
    messages = inspector.get_by_role("table", name="Messages")
    for mark in ("2 in one read", "no JSON object", "too long", "cut 1 time"):
        expect(messages.get_by_text(mark).first).to_be_visible()
    expect(messages.get_by_text("the first 2,000 characters")).to_be_visible()
    expect(inspector.locator(".detail__warning").first).to_contain_text("production")


def test_who_stands_on_a_row_or_presses_it_keeps_it_while_others_run(
    inspector: Page, desk: LocalopsProcess, tmp_path: Path
):
    wanted = call(desk, "echo", input="wanted")
    row = inspector.locator(f"activation-list a[href$='{wanted}']")
    more = tmp_path / "more"
    steps = [
        ["send", '{"output": "first"}'],
        ["wait for the file", str(more)],
        ["send", '{"output": "second"}'],
    ]
    body = {"steps": [["connect", None], *steps, ["wait for the end", 60]]}
    messages = inspector.get_by_role("table", name="Messages")
    with httpx.stream("POST", f"{desk.url}/web/devel/streams/steps", json=body, timeout=60):
        running = inspector.get_by_role("link", name="streams/steps").first
        expect(running).to_contain_text("running")
        running.click()
        expect(messages).to_contain_text("first")
        row.focus()
        row.hover()
        inspector.mouse.down()
        other = inspector.locator(f"activation-list a[href$='{call(desk, 'folder')}']")
        more.touch()
        expect(messages).to_contain_text("second")
        expect(other).to_have_count(0)
        inspector.mouse.up()
        expect(other).to_be_visible()
    expect(row).to_be_focused()
    expect(inspector.get_by_role("table", name="Arguments")).to_contain_text("wanted")


def test_an_activation_runs_again_at_a_click(inspector: Page, desk: LocalopsProcess):
    choose(inspector, call(desk, "echo", input="once"))
    first = inspector.url
    inspector.get_by_role("button", name="Run again").click()
    expect(inspector).not_to_have_url(first)
    expect(inspector.get_by_role("table", name="Arguments")).to_contain_text("once")
    expect(inspector.get_by_role("region", name="Result")).to_contain_text('"input": "once"')


def test_what_an_action_says_is_text_and_runs_nothing(inspector: Page, desk: LocalopsProcess):
    attack = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    choose(inspector, call(desk, "echo", input=attack))
    expect(inspector.get_by_role("table", name="Arguments")).to_contain_text(attack)
    assert inspector.title() == "localops inspector"


def test_a_secret_is_masked(inspector: Page, desk: LocalopsProcess):
    choose(inspector, call(desk, "echo", password="hunter22"))
    expect(inspector.get_by_role("table", name="Arguments")).to_contain_text("password")
    assert "hunter22" not in inspector.content()


def test_the_list_is_searched(inspector: Page, desk: LocalopsProcess):
    call(desk, "echo")
    call(desk, "folder")
    rows = inspector.get_by_role("list", name="Activations").get_by_role("link")
    expect(rows.filter(has_text="cases/folder").first).to_be_visible()
    inspector.get_by_role("searchbox").fill("echo")
    expect(rows.filter(has_text="cases/folder")).to_have_count(0)
    inspector.get_by_role("searchbox").fill("there is no such thing")
    expect(inspector.get_by_text("No activation matches.")).to_be_visible()


@pytest.mark.parametrize(
    ("view", "text"),
    [
        ("Actions", "/web/devel/streams/steps"),
        ("Variables", "OPSDEV_HOST"),
        ("Notices", "cases/syntax cannot run"),
    ],
)
def test_each_view_has_an_address_and_shows_its_things(inspector: Page, view: str, text: str):
    inspector.get_by_role("navigation").get_by_role("link", name=view).click()
    expect(inspector.get_by_text(text).first).to_be_visible()
    expect(inspector.get_by_role("link", name=view).first).to_have_attribute("aria-current", "page")
    inspector.reload()
    expect(inspector.get_by_text(text).first).to_be_visible()


def steady_port() -> int:
    """Return a free port below those that systems give to whoever asks for any: nobody gets it in between."""
    for port in random.sample(range(20_000, 30_000), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no free port between 20,000 and 30,000")


def test_the_end_of_the_server_is_noticed_and_its_return_too(page: Page, tmp_path: Path):
    project, port = copy_of(EXAMPLES, tmp_path / "examples"), steady_port()
    with LocalopsProcess(project=project, port=port) as first:
        page.goto(f"{first.url}/_localops")
        expect(page.get_by_role("status")).to_have_text("live")
        call(first, "echo")
        expect(page.get_by_role("link", name="cases/echo")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("not running")
    with LocalopsProcess(project=project, port=port):
        expect(page.get_by_role("status")).to_have_text("live")
        expect(page.get_by_text("Nothing has run yet.")).to_be_visible()
