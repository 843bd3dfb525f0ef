"""The way by which a page anywhere once took over the desk, step by step: each step fails by itself.

It logged in with the published password and got the secret of the storage; with it, put a page of its own
into the bucket of the site; opened that page under the origin of the chat; and read there what people said
and what the inspector shows.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient, Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from foreign_site import foreign_site
from localops_process import ROOT, LocalopsProcess
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

SECRET = "what-a-person-said"
# What a page of the desk's origin could read; the text of the page tells how far it came.
ATTACK = """<!doctype html><p id="said">nothing ran</p><script>
const said = document.getElementById("said")
const told = (text) => { said.textContent += "; " + text }
document.documentElement.setAttribute("data-ran", "yes")
said.textContent = "ran as " + self.origin
try { told("stored " + localStorage.getItem("said")) } catch (error) { told("stored: " + error.name) }
fetch(DESK + "/_localops/api/variables").then((response) => response.text())
  .then((text) => told("variables " + text.slice(0, 40)), (error) => told("variables: " + error.name))
  .finally(() => told("end"))
</script>"""
MARK = "document.documentElement.setAttribute('data-ran', 'yes')"
# The same in the other types whose scripts browsers run.
DOCUMENTS = {
    "application/xhtml+xml": f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{MARK}</script></html>',
    "text/xml": f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{MARK}</script></html>',
    "image/svg+xml": f'<svg xmlns="http://www.w3.org/2000/svg"><script>{MARK}</script></svg>',
}


class Desk:
    """A localops over this project's actions, with somebody who uses it.

    Attributes:
        secret: the secret key of its S3.
    """

    def __init__(self, folder: Path, process: LocalopsProcess) -> None:
        self.url = process.url
        self.secret = json.loads((folder / ".localops" / "credentials.json").read_text())["s3_secret_key"]
        self.attack = ATTACK.replace("DESK", json.dumps(self.url))

    def s3(self, version: str = "s3v4", secret: str | None = None) -> BaseClient:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="devel",
            aws_secret_access_key=secret or self.secret,
            config=Config(signature_version=version, s3={"addressing_style": "path"}),
        )

    def link(self, bucket: str, version: str = "s3v4", secret: str | None = None) -> str:
        """Return the address of the page of the attack, signed."""
        asked = {"Bucket": bucket, "Key": "evil.html"}
        return self.s3(version, secret).generate_presigned_url("get_object", Params=asked)

    def put(self, bucket: str, kind: str = "text/html") -> None:
        """Store the page of the attack, as only the owner can."""
        body = DOCUMENTS.get(kind, self.attack).encode()
        self.s3().put_object(Bucket=bucket, Key="evil.html", Body=body, ContentType=kind)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "packages", folder / "packages", ignore=shutil.ignore_patterns("__pycache__"))
    with LocalopsProcess(project=folder, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        yield Desk(folder, process)


@pytest.fixture(scope="module")
def evil() -> Iterator[str]:
    with foreign_site() as url:
        yield url


@pytest.fixture(scope="module")
def tab_of_victim(browser: Browser, desk: Desk) -> Iterator[Page]:
    """Provide a tab of a person who uses the desk in another."""
    context = browser.new_context()
    own = context.new_page()
    own.goto(desk.url)
    own.evaluate("(said) => localStorage.setItem('said', said)", SECRET)
    yield context.new_page()
    context.close()


@pytest.fixture
def victim(tab_of_victim: Page, evil: str) -> Iterator[Page]:
    """Provide the tab, on a page of the foreign site."""
    tab_of_victim.goto(evil)
    yield tab_of_victim
    for each in tab_of_victim.context.pages[2:]:
        each.close()


def opened(victim: Page, url: str) -> Page:
    """Return what the foreign page opens, once it has loaded."""
    with victim.expect_popup() as popup:
        victim.evaluate("(url) => window.open(url) && null", url)
    page = popup.value
    page.wait_for_load_state()
    return page


ASKED = """async ({ url, ...options }) => {
  try {
    const response = await fetch(url, options)
    return { status: response.status, text: await response.text() }
  } catch (error) {
    return { status: 0, text: String(error) }
  }
}"""


def test_step_1_a_login_with_the_published_password_gives_no_secret_of_the_storage(victim: Page, desk: Desk):
    body = json.dumps({"username": "pinocchio", "password": "geppetto"})
    url = f"{desk.url}/api/my/mastrogpt/login"
    for kind in ("application/json", "text/plain"):
        asked = {"url": url, "method": "POST", "body": body, "headers": {"content-type": kind}}
        answer = victim.evaluate(ASKED, asked)
        assert answer["status"] == 200
        assert desk.secret not in answer["text"]


@pytest.mark.parametrize("key", ["", "there-is-no-storage", "geppetto"])
@pytest.mark.parametrize("host", ["localhost", "s3.localhost", "devel.localhost"])
def test_step_2_nobody_writes_to_a_bucket_without_the_secret(victim: Page, desk: Desk, host: str, key: str):
    url = f"{desk.url.replace('localhost', host)}/devel-web/evil.html"
    request = AWSRequest("PUT", url, data=b"<script>evil()</script>", headers={"content-type": "text/html"})
    if key:
        S3SigV4Auth(Credentials("devel", key), "s3", "us-east-1").add_auth(request)
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    asked = {"url": url, "method": "PUT", "body": "<script>evil()</script>", "headers": headers}
    # Without a signature the request is not S3's under the other names: the browser's first question fails.
    assert victim.evaluate(ASKED, asked)["status"] in ((403,) if key or host == "s3.localhost" else (0,))
    with pytest.raises(ClientError, match="404"):
        desk.s3().head_object(Bucket="devel-web", Key="evil.html")


RAN = "() => document.documentElement.getAttribute('data-ran')"


@pytest.mark.parametrize("query", ["", "X-Amz-Signature=x", "AWSAccessKeyId=devel", "V4", "V2"])
@pytest.mark.parametrize("bucket", ["devel-web", "devel-data"])
def test_step_3_no_object_is_a_document_of_the_pages_origin(
    victim: Page, desk: Desk, bucket: str, query: str
):
    desk.put(bucket)
    forged = {"V4": desk.link(bucket, "s3v4", "another"), "V2": desk.link(bucket, "s3", "another")}
    page = opened(victim, forged.get(query, f"{desk.url}/{bucket}/evil.html?{query}"))
    assert page.evaluate(RAN) is None
    assert page.locator("#said").count() == 0


@pytest.mark.parametrize("kind", ["text/html", *DOCUMENTS])
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_step_3_not_even_a_signed_link_makes_it_one(victim: Page, desk: Desk, version: str, kind: str):
    desk.put("devel-data", kind)
    page = opened(victim, desk.link("devel-data", version))
    assert page.evaluate(RAN) is None
    assert page.evaluate("self.origin") == "null"
    assert "data-ran" in page.content(), "the object itself did not come"


def test_step_4_an_object_under_the_storages_own_name_reads_nothing(victim: Page, desk: Desk):
    desk.put("devel-web")
    page = opened(victim, f"{desk.url.replace('localhost', 's3.localhost')}/devel-web/evil.html")
    said = page.locator("#said")
    expect(said).to_contain_text("end")
    expect(said).to_contain_text("stored null")
    expect(said).to_contain_text("variables: TypeError")


def _via_action(desk: Desk, host: str, path: str) -> str:
    return f"{desk.url.replace('localhost', host)}{path}?html={quote(desk.attack)}"


ACTIONS = [
    "/api/my/mastrogpt/display",
    "/api/v1/web/devel/mastrogpt/display",
    "/api/my/mastrogpt/display.html",
]


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize("host", ["localhost", "devel.localhost"])
def test_step_4_what_an_action_writes_of_a_foreign_pages_words_has_no_origin(
    victim: Page, desk: Desk, host: str, path: str
):
    page = opened(victim, _via_action(desk, host, path))
    said = page.locator("#said").or_(page.locator("body")).first
    expect(said).not_to_contain_text(SECRET)
    assert page.evaluate("self.origin") == "null"


def test_step_4_nor_does_it_in_a_frame(victim: Page, desk: Desk):
    url = _via_action(desk, "localhost", "/api/my/mastrogpt/display")
    victim.evaluate(
        "(url) => { const f = document.createElement('iframe'); f.src = url; document.body.append(f) }", url
    )
    frame = victim.frame_locator("iframe")
    expect(frame.locator("body")).not_to_contain_text(SECRET)
    assert victim.frames[1].evaluate("self.origin") == "null"


@pytest.mark.parametrize(
    "path",
    [
        "/_localops/api/variables",
        "/_localops/api/actions",
        "/_localops/api/events",
        "/_localops/api/logs",
        "/",
    ],
)
def test_step_4_a_foreign_page_reads_no_answer_of_the_inspector_and_no_page(
    victim: Page, desk: Desk, path: str
):
    for options in ({}, {"credentials": "include"}):
        answer = victim.evaluate(ASKED, {"url": desk.url + path, **options})
        assert answer["status"] == 0, answer


def test_step_4_a_foreign_page_shows_no_page_of_the_desk_in_a_frame(victim: Page, desk: Desk):
    for path in ("/", "/_localops/"):
        victim.evaluate(
            """(url) => new Promise((resolve) => {
              const frame = document.createElement("iframe")
              frame.src = url
              frame.onload = resolve
              document.body.append(frame)
            })""",
            desk.url + path,
        )
    frames = victim.frames[1:]
    assert len(frames) == 2
    for frame in frames:
        # Playwright may hear later than the page where a frame has ended up.
        frame.wait_for_url("chrome-error://chromewebdata/", wait_until="commit")
