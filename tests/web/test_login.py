"""A deployment that asks for a login: where the token is kept, and what it is sent with."""

from __future__ import annotations

import pytest
from chat_page import asked, enter, last_reply
from deployment import Body, Deployment, message, spoken
from playwright.sync_api import Page, expect
from starlette.responses import JSONResponse

pytestmark = pytest.mark.browser

REFUSAL = "Log in first."


@pytest.fixture
def guarded(page: Page, deployment: Deployment) -> Page:
    """Provide a chat for people with the token `t0ken`, which `geppetto` gets."""

    def login(body: Body) -> Body:
        right = body["username"] == "pinocchio" and body["password"] == "geppetto"
        return {"authenticated": True, "token": "t0ken", "s3_key": "x"} if right else {"authenticated": False}

    def opening(body: Body) -> Body:
        if body.get("token") != "t0ken":
            return {"output": REFUSAL, "streaming": True, "login": True}
        return {"output": "Welcome back.", "streaming": True}

    deployment.chat("Chat", "chat/x", lambda _: spoken("Rome."))
    deployment.asked["chat/x"] = opening
    deployment.asked["mastrogpt/login"] = login
    page.goto(deployment.url)
    return page


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("pinocchio")
    page.get_by_label("Password").fill(password)
    page.get_by_role("dialog").get_by_role("button", name="Log in").click()


def test_a_chat_that_asks_for_a_login_gets_one(guarded: Page, deployment: Deployment) -> None:
    expect(guarded.get_by_role("dialog", name="Log in")).to_be_visible()
    log_in(guarded, "lampwick")
    expect(guarded.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    log_in(guarded, "geppetto")
    expect(guarded.get_by_text("Welcome back.")).to_be_visible()
    asked(guarded, "Capital?")
    assert deployment.said("chat/x")[-1]["token"] == "t0ken"
    guarded.reload()
    expect(last_reply(guarded)).to_contain_text("Rome.")
    asked(guarded, "Again?")
    assert deployment.said("chat/x")[-1]["token"] == "t0ken"


def test_the_token_is_kept_for_the_tab_alone_and_the_password_nowhere(
    guarded: Page, deployment: Deployment
) -> None:
    log_in(guarded, "geppetto")
    expect(guarded.get_by_text("Welcome back.")).to_be_visible()
    asked(guarded, "Capital?")
    kept = guarded.evaluate(
        """async () => {
          const open = indexedDB.open("mastrogpt")
          await new Promise((resolve) => (open.onsuccess = resolve))
          const all = ["conversations", "messages"].map((name) => {
            const request = open.result.transaction(name).objectStore(name).getAll()
            return new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))
          })
          return JSON.stringify([await Promise.all(all), { ...localStorage }, document.cookie, location.href])
        }"""
    )
    assert "t0ken" not in kept
    assert "geppetto" not in kept
    assert guarded.evaluate("JSON.stringify({ ...sessionStorage })").count("t0ken") == 1
    assert "geppetto" not in guarded.evaluate("JSON.stringify({ ...sessionStorage })")
    other = guarded.context.new_page()
    other.goto(deployment.url)
    expect(other.get_by_role("dialog", name="Log in")).to_be_visible()


def test_leaving_forgets_the_login(guarded: Page) -> None:
    log_in(guarded, "geppetto")
    expect(guarded.get_by_text("Welcome back.")).to_be_visible()
    guarded.get_by_role("button", name="Log out").click()
    expect(guarded.get_by_role("dialog", name="Log in")).to_be_visible()
    assert guarded.evaluate("sessionStorage.length") == 0


def test_each_login_has_its_own_conversations(guarded: Page) -> None:
    log_in(guarded, "geppetto")
    expect(guarded.get_by_text("Welcome back.")).to_be_visible()
    asked(guarded, "Mine")
    guarded.get_by_role("button", name="Log out").click()
    expect(guarded.get_by_role("dialog", name="Log in")).to_be_visible()
    expect(guarded.locator("[data-conversations] button")).to_have_count(0)


@pytest.mark.parametrize("refusal", ["in the stream", "as a status"])
def test_a_login_that_ran_out_is_asked_for_again(page: Page, deployment: Deployment, refusal: str) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [message(output=REFUSAL, login=True)])
    if refusal == "as a status":
        page.route("**/web/devel/chat/x", lambda route: route.fulfill(status=401, body="no"))
    enter(page, deployment)
    reply = asked(page, "Capital?", "failed")
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    expect(reply).to_contain_text("Please log in to use this chat.")
    expect(reply.get_by_role("button", name="Retry")).to_be_visible()


@pytest.mark.parametrize("refusal", ["in the stream", "in an answer", "as a status"])
def test_what_was_asked_before_the_login_is_asked_again_after_it(
    page: Page, deployment: Deployment, refusal: str
) -> None:
    """The opening is free, as in a chat whose action refuses only questions."""
    streaming = refusal == "in the stream"

    def may(body: Body) -> bool:
        return body.get("token") == "t0ken"

    def answers(body: Body) -> Body | JSONResponse:
        if "input" not in body:
            return {"output": "Ask me.", "streaming": streaming}
        if may(body):
            return {"output": "Rome."}
        refused = {"output": REFUSAL, "login": True}
        return JSONResponse(refused, 401) if refusal == "as a status" else refused

    deployment.chat(
        "Chat", "chat/x", lambda b: spoken("Rome.") if may(b) else [message(output=REFUSAL, login=True)]
    )
    deployment.asked["chat/x"] = answers
    deployment.asked["mastrogpt/login"] = lambda _: {"authenticated": True, "token": "t0ken"}
    enter(page, deployment)
    asked(page, "Capital?", "failed")
    log_in(page, "geppetto")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    last_reply(page).get_by_role("button", name="Retry").click()
    expect(last_reply(page).locator("[data-text]")).to_have_text("Rome.")
    expect(page.locator("[data-conversations] button")).to_have_text(["Capital?"])


MEMBERS = [{"name": "For members", "url": "chat/members", "users": "pinocchio"}]


def with_members(deployment: Deployment) -> Deployment:
    assert isinstance(deployment.index, dict)
    deployment.index["services"].append({"Club": MEMBERS})
    deployment.asked["chat/members"] = lambda _: {"output": "Welcome, member."}
    deployment.asked["mastrogpt/login"] = lambda _: {"authenticated": True, "token": "t0ken"}
    return deployment


def test_who_is_not_logged_in_sees_that_there_is_more_after_it(page: Page, deployment: Deployment) -> None:
    with_members(deployment).chat("Chat", "chat/x", lambda _: [])
    enter(page, deployment)
    expect(page.get_by_role("button", name="For members")).to_have_count(0)
    page.get_by_role("button", name="Log in for more chats").press("Enter")
    log_in(page, "geppetto")
    expect(page.get_by_role("button", name="For members")).to_be_visible()
    expect(page.get_by_role("button", name="Log in for more chats")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("Chat")


def test_a_menu_for_members_only_asks_for_the_login(page: Page, deployment: Deployment) -> None:
    with_members(deployment)
    page.goto(deployment.url)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    log_in(page, "geppetto")
    expect(page.get_by_text("Welcome, member.")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("heading", name="Log in")).to_be_hidden()


def test_a_chat_that_shows_no_user_offers_no_login(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    enter(page, deployment)
    expect(page.get_by_role("button", name="Log in for more chats")).to_be_hidden()


def test_a_login_that_is_not_deployed_is_named(page: Page, deployment: Deployment) -> None:
    deployment.chat("Chat", "chat/x", lambda _: [])
    del with_members(deployment).asked["mastrogpt/login"]
    enter(page, deployment)
    page.get_by_role("button", name="Log in for more chats").click()
    log_in(page, "geppetto")
    expect(page.get_by_role("alert")).to_contain_text("mastrogpt/login is missing")


def test_a_deployment_that_asks_for_a_login_says_so(page: Page, deployment: Deployment) -> None:
    index, deployment.index = deployment.index, JSONResponse({"error": "no"}, 401)
    assert isinstance(index, dict)
    index["services"] = [{"Chats": [{"name": "Chat", "url": "chat/x"}]}]
    deployment.asked["chat/x"] = lambda _: {"output": "Welcome."}

    def login(_: Body) -> Body:
        deployment.index = index
        return {"authenticated": True, "token": "t0ken"}

    deployment.asked["mastrogpt/login"] = login
    page.goto(deployment.url)
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    log_in(page, "geppetto")
    expect(page.get_by_text("Welcome.")).to_be_visible()
