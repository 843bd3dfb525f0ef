"""Whatever a web action returns, and whatever a caller sends to whatever address, no answer is a bare 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from fuzzing import ODD_TEXTS, Fuzz, odd_bytes, odd_copy, odd_text
from localops_process import LocalopsProcess

RETURNS = "#--web true\ndef main(args):\n    return args['result']\n"
STREAMS = """#--web true
import socket
def main(args):
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"]))) as relay:
        relay.sendall(b'{"output": "hi"}')
    return args.get("result", {})
"""
TIMEOUT_S = 20
EXTENSIONS = ("", ".http", ".json", ".html", ".svg", ".text")
RESULTS: list[dict[str, Any]] = [
    {"statusCode": 200, "headers": {"content-type": "text/plain", "set-cookie": ["a=1"]}, "body": "x"},
    {"statusCode": "201", "headers": {"content-type": "image/png"}, "body": "eA=="},
    {"headers": {"content-type": "application/json; a=b"}, "body": {"a": [1, {"b": None}]}},
    {"error": {"statusCode": 404, "headers": {"location": "/x"}, "body": "no"}},
    {"html": "<p>", "svg": "<svg/>", "text": "x", "body": ["x", 1.5]},
]
ACCEPTS = ["text/html, application/json;q=0.9, */*;q=0.8", "application/json", "text/*;level=1"]
PLACES = [
    "web/devel/odd/streams",
    "action/devel/odd/streams",
    "api/v1/web/devel/odd/returns",
    "api/my/odd/returns",
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalopsProcess]:
    project = tmp_path_factory.mktemp("web_fuzz")
    (project / "packages" / "odd").mkdir(parents=True)
    (project / "web").mkdir()
    (project / "web" / "index.html").write_text("the page")
    (project / "packages" / "odd" / "returns.py").write_text(RETURNS)
    (project / "packages" / "odd" / "streams.py").write_text(STREAMS)
    with LocalopsProcess(project=project, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        yield process


class Client:
    """One connection, which every answer must leave usable."""

    def __init__(self, running: LocalopsProcess) -> None:
        self._running = running
        self._connection = HTTPConnection(urlsplit(running.url).netloc, timeout=TIMEOUT_S)

    def ask(
        self, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        """Return the answer and its body.

        Raises:
            AssertionError: it is an error of this server's own.
        """
        self._connection.request(method, target, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert content != b"Internal Server Error", f"{method} {target}: {self._running.log[-40:]}"
        return answer, content

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client(running: LocalopsProcess) -> Iterator[Client]:
    with closing(Client(running)) as found:
        yield found


@pytest.mark.fuzz
def test_an_odd_result_is_an_answer_or_a_400_with_a_sentence(fuzz: Fuzz, client: Client):
    for random in fuzz:
        result = odd_copy(random, random.choice(RESULTS))
        target = "/api/my/odd/returns" + random.choice(EXTENSIONS)
        headers = {"content-type": "application/json", "accept": odd_header(random, random.choice(ACCEPTS))}
        answer, content = client.ask("POST", target, json.dumps({"result": result}).encode(), headers)
        asked = stated(result)
        if answer.status in (400, 404, 406, 413) and answer.status not in asked:
            assert json.loads(content)["error"].strip(), (answer.status, content)
        else:
            assert answer.status < 500 or answer.status in asked, (answer.status, content[:300])


def stated(result: Any) -> set[int]:
    """Return the statuses that a result asks for, wherever it does."""
    found: set[int] = set()
    for each in (result, result.get("error")) if isinstance(result, dict) else ():
        status = each.get("statusCode") if isinstance(each, dict) else None
        if isinstance(status, int | float | str) and not isinstance(status, bool):
            text = str(int(status)) if isinstance(status, float) and abs(status) < 1000 else str(status)
            digits = text.lstrip("+0")
            found |= {int(digits)} if digits.isascii() and digits.isdigit() and len(digits) == 3 else set()
    return found


@pytest.mark.fuzz
def test_an_odd_stream_is_an_answer_or_a_refusal_with_a_sentence(fuzz: Fuzz, client: Client):
    for random in fuzz:
        members = odd_copy(random, {"result": random.choice(RESULTS), "input": "x"})
        body = (
            odd_bytes(random, json.dumps(members).encode())
            if random.random() < 0.3
            else json.dumps(members).encode()
        )
        headers = {"content-type": "application/json", "accept": odd_header(random, random.choice(ACCEPTS))}
        answer, content = client.ask("POST", "/web/devel/odd/streams", body, headers)
        assert answer.status in (200, 413, 500)
        assert content.strip(), answer.status


@pytest.mark.fuzz
def test_an_odd_address_is_answered(fuzz: Fuzz, client: Client):
    for random in fuzz:
        target = odd_target(random)
        method = random.choice(("GET", "POST", "HEAD", "PUT", "OPTIONS"))
        answer, content = client.ask(method, target, b"", {"content-type": "application/json"})
        if answer.status >= 500 and method != "HEAD":
            assert content.strip(), target


def odd_target(random: Random) -> str:
    """Return a request target: odd segments at the places that this server knows, or anywhere."""
    place = random.choice(("", "_localops/", "_localops/api/activations/", *(f"{each}/" for each in PLACES)))
    if random.random() < 0.5:
        place = place.rpartition("/")[0].rpartition("/")[0] + "/"
    parts = [
        quote(odd_text(random)[:2000], safe="", errors="surrogatepass") for _ in range(random.randrange(1, 4))
    ]
    query = random.choice(("", f"?{quote(odd_text(random)[:500], safe='=&', errors='surrogatepass')}"))
    return f"/{place}{'/'.join(parts)}{query}"


def odd_header(random: Random, value: str) -> str:
    """Return a header's value: as it is, changed, or another; of characters that a header may have."""
    kind = random.randrange(3)
    text = (
        value
        if kind == 0
        else odd_bytes(random, value.encode()).decode("latin-1")
        if kind == 1
        else odd_text(random)
    )
    return "".join(character for character in text if " " <= character <= "\xff" and character != "\x7f")[
        :2000
    ]


@pytest.mark.parametrize("host", ["localhost", "devel.localhost", "stream.localhost"])
@pytest.mark.parametrize(
    "place", ["", "_localops/", "_localops/api/activations/", "web/devel/odd/", "api/my/odd/", "api/v1/web/"]
)
def test_an_odd_name_is_not_a_fault_of_the_server(client: Client, host: str, place: str):
    for text in [text for text in ODD_TEXTS if len(text) < 1000]:
        target = f"/{place}{quote(text, safe='', errors='surrogatepass')}"
        answer, content = client.ask("GET", target, b"", {"host": host})
        refused = content.startswith((b"not ok (404 Not Found)\n", b"The address cannot be"))
        assert answer.status < 500 or refused, (target, content)
