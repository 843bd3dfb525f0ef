"""Clients and actions that do no good: whatever they do, others are answered and nothing is held for ever."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from cloud import WEB, Cloud
from localops_process import LocalopsProcess
from process_figures import memory_mb, needs_proc, open_files

DEADLINE_S = 120.0
MANY = 500
READ_BYTES = 65536
MIB = 1024 * 1024
HELLO = "#--web true\ndef main(args): return {'body': {'hello': 'world'}}\n"
# Sends as fast as it goes and tells how far it got.
FLOODS = """#--web true
import pathlib
import socket

def main(args):
    told = pathlib.Path(args["told"])
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 60) as relay:
        for number in range(args["parts"]):
            told.write_text(str(number))
            relay.sendall(b"x" * 65536)
    return {"body": ""}
"""
PRINTS = """#--web true
#--logsize 1
import os

def main(args):
    for _ in range(args["times"]):
        os.write(1, args["text"].encode() * args["many"])
    return {"body": {}}
"""
RETURNS = "#--web true\ndef main(args): return {'body': 'x' * args['size']}\n"
SOURCES = {"hello": HELLO, "floods": FLOODS, "prints": PRINTS, "returns": RETURNS}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "packages" / "demo").mkdir(parents=True)
    for name, source in SOURCES.items():
        (folder / "packages" / "demo" / f"{name}.py").write_text(source)
    return folder


@pytest.fixture(autouse=True)
def others_are_answered(running: LocalopsProcess) -> Iterator[None]:
    """Whatever a test did, the next request works, and localops itself has logged no trace."""
    running.forget_lines()
    before = len(running.log)
    yield
    assert_others_are_answered(running)
    own = [line for line in running.log[before:] if " | " not in line]
    assert not [line for line in own if "Traceback" in line or "Error" in line]


def call(running: LocalopsProcess, action: str, **members: object) -> httpx.Response:
    return httpx.post(f"{running.url}/api/my/demo/{action}", json=members, timeout=DEADLINE_S)


def assert_others_are_answered(running: LocalopsProcess) -> None:
    assert call(running, "hello").json() == {"hello": "world"}


def connected(running: LocalopsProcess) -> socket.socket:
    port = httpx.URL(running.url).port
    assert port is not None
    return socket.create_connection(("127.0.0.1", port), DEADLINE_S)


def wait_until_closed(sockets: list[socket.socket]) -> None:
    """Read until the other side has closed every one of them."""
    deadline = time.monotonic() + DEADLINE_S
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
        while selector.get_map():
            assert time.monotonic() < deadline, f"{len(selector.get_map())} connections are still held"
            for key, _ in selector.select(1):
                assert isinstance(key.fileobj, socket.socket)
                if not received(key.fileobj):
                    selector.unregister(key.fileobj)


def received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(READ_BYTES)
    except ConnectionResetError:
        return b""


HEAD = "POST /api/my/demo/hello HTTP/1.1\r\nHost: localhost\r\n"
STREAMED = HEAD.replace("/api/my/demo/hello", "/web/devel/demo/floods")
WHOLE = HEAD.replace("POST", "OPTIONS") + "\r\n"
UNFINISHED = {
    "nothing": "",
    "half a request line": "POST /api/my/de",
    "half a head": f"{HEAD}X-Mine: ",
    "half a body": f'{HEAD}Content-Length: 100\r\n\r\n{{"input": ',
    "half a chunk": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n50\r\nx",
    "half of a second request": f"{WHOLE}{HEAD}X-",
    "an empty line after the answer": f"{WHOLE}\r\n",
    "half a stream's body": f"{STREAMED}Content-Length: 100\r\n\r\n{{",
}


@needs_proc
def test_connections_that_never_finish_a_request_hold_nobody_up_and_are_let_go(running: LocalopsProcess):
    assert_others_are_answered(running)
    before = open_files(running.process.pid)
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(running)) for _ in range(MANY)]
        for number, connection in enumerate(idle):
            connection.sendall(list(UNFINISHED.values())[number % len(UNFINISHED)].encode())
        assert_others_are_answered(running)
        wait_until_closed(idle)
    deadline = time.monotonic() + DEADLINE_S
    while open_files(running.process.pid) > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_files(running.process.pid) <= before


@needs_proc
def test_a_head_that_never_ends_is_refused(running: LocalopsProcess):
    before = memory_mb(running.process.pid)
    with connected(running) as connection:
        connection.sendall(HEAD.encode())
        answer = b""
        try:
            for _ in range(1000):
                connection.sendall(b"X-Mine: " + b"x" * READ_BYTES + b"\r\n")
            answer = received(connection)
        except (BrokenPipeError, ConnectionResetError):
            answer = received(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert memory_mb(running.process.pid) - before < 30


TWO_MB = b'{"input": "' + b"x" * 2 * MIB + b'"}'
TOO_LARGE = f"Request larger than allowed: {len(TWO_MB)} > 1048576 bytes."


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
def test_a_body_of_two_megabytes_is_too_much_for_a_web_action(
    running: LocalopsProcess, kind: str, chunked: bool, connection: str
):
    with httpx.Client(timeout=DEADLINE_S) as client:
        answer = client.post(
            f"{running.url}/api/my/demo/hello",
            content=iter([TWO_MB]) if chunked else TWO_MB,
            headers={"content-type": kind, "connection": connection},
        )
        assert (answer.status_code, answer.json()["error"]) == (413, TOO_LARGE)
        assert client.post(f"{running.url}/api/my/demo/hello").json() == {"hello": "world"}


def test_a_body_of_two_megabytes_is_too_much_for_an_invocation_and_a_stream(
    running: LocalopsProcess, cloud: Cloud
):
    for query in ("blocking=true", "blocking=true&result=true", "blocking=false"):
        answer = cloud.call("POST", f"actions/demo/hello?{query}", data=TWO_MB)
        assert (answer.status_code, answer.json()["error"]) == (413, TOO_LARGE)
    answer = httpx.post(f"{running.url}/web/devel/demo/hello", content=TWO_MB, timeout=DEADLINE_S)
    assert not answer.is_success
    assert TOO_LARGE in answer.text


def test_two_megabytes_of_parameters_are_too_much_and_two_of_code_are_not(cloud: Cloud):
    source = HELLO + "#" + "x" * 2 * MIB
    assert cloud.put("demo/large", HELLO, parameters={"P": "x" * 2 * MIB}).status_code == 413
    assert cloud.put("demo/large", source, annotations=WEB).status_code == 200
    assert cloud.web("demo/large").json() == {"hello": "world"}
    assert cloud.call("DELETE", "actions/demo/large").status_code == 200


@needs_proc
def test_a_result_that_is_too_large_is_the_actions_error_and_is_not_even_taken(
    running: LocalopsProcess, cloud: Cloud
):
    assert len(call(running, "returns", size=MIB - 12).content) == MIB - 12
    before = memory_mb(running.process.pid)
    around = len('{"body": ""}')
    for size in (MIB, 30 * MIB):
        answer = cloud.invoke("demo/returns", {"size": size}, blocking=True, result=True)
        limit = f"exceeded the allowed length: {size + around} > 1048576 bytes."
        assert answer.status_code == 502
        assert answer.json() == {"error": f"The action produced a response that {limit}"}
    assert memory_mb(running.process.pid) - before < 20


@needs_proc
@pytest.mark.parametrize(
    ("text", "many", "times"), [("x", MIB, 100), ("x\n", MIB, 1)], ids=["one line", "short lines"]
)
def test_an_action_that_prints_without_an_end_fills_no_memory(
    running: LocalopsProcess, text: str, many: int, times: int
):
    before = memory_mb(running.process.pid)
    assert call(running, "prints", text=text, many=many, times=times).status_code == 200
    running.wait_for_line("Logs were truncated", DEADLINE_S)
    running.wait_for_line("demo/prints success", DEADLINE_S)
    assert memory_mb(running.process.pid) - before < 150


@needs_proc
def test_readers_that_do_not_read_hold_neither_memory_nor_others(running: LocalopsProcess, tmp_path: Path):
    readers, parts = 20, 2000
    before = memory_mb(running.process.pid)
    with ExitStack() as stack:
        for number in range(readers):
            body = f'{{"told": "{tmp_path}/{number}", "parts": {parts}}}'
            connection = stack.enter_context(connected(running))
            connection.sendall(f"{STREAMED}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        wait_until_still(tmp_path, readers)
        assert_others_are_answered(running)
        told = tmp_path / "whole"
        url, asked = f"{running.url}/web/devel/demo/floods", {"told": str(told), "parts": 5}
        whole = httpx.post(url, json=asked, timeout=DEADLINE_S).content
        assert whole.count(b"x") == 5 * READ_BYTES
        assert memory_mb(running.process.pid) - before < readers * 3
        # Nobody read: what an action could send is what the system and localops hold at most.
        assert max(int(file.read_text()) for file in tmp_path.iterdir()) < parts / 2
    for _ in range(readers):
        running.wait_for_line("demo/floods: the reader left", DEADLINE_S)


def wait_until_still(folder: Path, count: int) -> None:
    """Wait until so many files are there and none has changed for a while."""
    deadline = time.monotonic() + DEADLINE_S
    last, looks = "", 0
    while looks < 20 and time.monotonic() < deadline:
        time.sleep(0.1)
        now = " ".join(file.read_text() for file in sorted(folder.iterdir()))
        same = now == last and len(now.split()) == count
        last, looks = now, looks + 1 if same else 0
    assert looks == 20
