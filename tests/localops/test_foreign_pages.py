"""What a page of another site can do: the table of docs/security.md, line by line, as a browser would ask."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess

# A busy machine may be slow to start an action; what is right comes long before this.
TIMEOUT_S = 60
ORIGIN = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
DOCUMENT = (ROOT / "docs" / "security.md").read_text()


@dataclass(frozen=True)
class Line:
    """A line of the table: a request, and what the document says of it."""

    method: str
    host: str
    path: str
    simple: str
    asks_first: str
    opened: str

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


def lines() -> list[Line]:
    found: list[Line] = []
    for row in re.findall(r"^\| `([A-Z]+) ([\w.]*)(/\S*)` \| (.*) \|$", DOCUMENT, re.MULTILINE):
        method, host, path, rest = row
        simple, asks_first, opened = rest.split(" | ")[:3]
        found.append(Line(method, host or "localhost", path, simple, asks_first, opened))
    return found


LINES = lines()
every_line = pytest.mark.parametrize("line", LINES, ids=str)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalopsProcess]:
    """Provide this project's actions and page, without a model."""
    folder = tmp_path_factory.mktemp("foreign")
    for name in ("packages", "web"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    with LocalopsProcess(project=folder, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        yield process


def ask(
    desk: LocalopsProcess, line: Line, method: str, headers: dict[str, str], body: bytes = b""
) -> httpx.Response:
    """Return the answer to a request; of one that does not end, its beginning."""
    sent = {"host": line.host, **ORIGIN, **headers}
    with httpx.stream(method, desk.url + line.path, headers=sent, content=body, timeout=TIMEOUT_S) as answer:
        if answer.headers.get("content-type", "").partition(";")[0] != "text/event-stream":
            answer.read()
        return answer


def can_be_read(answer: httpx.Response) -> bool:
    return answer.headers.get("access-control-allow-origin") == "*"


@every_line
def test_a_simple_request_comes_to_what_the_document_says(desk: LocalopsProcess, line: Line):
    has_body = line.method in ("POST", "PUT")
    kind = {"content-type": "text/plain"} if has_body else {}
    answer = ask(desk, line, line.method, {**kind, "sec-fetch-mode": "cors"}, b"{}" if has_body else b"")
    refused = answer.status_code in (400, 401, 403, 405) or (answer.status_code == 501)
    if line.simple == "open":
        assert (refused, can_be_read(answer)) == (False, True), answer
    elif line.simple == "unreadable":
        assert (refused, can_be_read(answer)) == (False, False), answer
    else:
        assert (line.simple, refused) == ("refused", True), answer
    assert "access-control-allow-credentials" not in answer.headers
    assert "basic" not in answer.headers.get("www-authenticate", "").lower()


@every_line
def test_a_preflight_is_answered_as_the_document_says(desk: LocalopsProcess, line: Line):
    asked = {
        "access-control-request-method": line.method,
        "access-control-request-headers": "authorization,content-type",
    }
    answer = ask(desk, line, "OPTIONS", asked)
    allowed = answer.headers.get("access-control-allow-headers", "")
    lets = answer.is_success and can_be_read(answer) and (allowed == "*" or "content-type" in allowed.lower())
    assert lets is (line.asks_first == "yes"), answer.headers


@every_line
def test_what_is_opened_has_the_origin_that_the_document_says(desk: LocalopsProcess, line: Line):
    navigation = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html"}
    answer = ask(desk, line, "GET", navigation)
    policy = ", ".join(answer.headers.get_list("content-security-policy"))
    if line.opened == "apart":
        assert "sandbox" in policy
        assert "allow-same-origin" not in policy
    elif line.opened == "no frame":
        # A page that has no policy of its own, such as a plain sentence, does nothing in a frame either.
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        assert "frame-ancestors 'self'" in policy or not is_page
        assert "sandbox" not in policy
    elif line.opened == "refused":
        assert answer.status_code in (403, 405)
    else:
        assert (line.opened, line.host == "localhost") == ("as it is", False)


def shipped_actions() -> set[str]:
    """Return the actions of `packages/`, by the addresses of web actions."""
    folders = {main.parent for main in (ROOT / "packages").glob("*/*/__main__.py")}
    files = set((ROOT / "packages").glob("*/*.py"))
    return {f"/api/my/{each.parent.name}/{each.stem}" for each in folders | files}


def addresses() -> set[str]:
    """Return the paths of this server that stand in the code whole, up to their first variable part."""
    files = [file for name in ("routes", "serving") for file in (ROOT / "localops" / name).glob("**/*.py")]
    texts = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    roots = r"/(api|web|action|_localops)(/[\w/{}:-]*)?"
    return {text.partition("{")[0].rstrip("/") for text in texts if re.fullmatch(roots, text)}


def test_the_table_has_every_shipped_action_and_every_address():
    paths = {line.path for line in LINES}
    assert shipped_actions() <= paths
    assert {each for each in addresses() if not any(path.startswith(each) for path in paths)} == set()
    assert {line.host for line in LINES} == {
        "localhost",
        "devel.localhost",
        "stream.localhost",
        "s3.localhost",
    }
