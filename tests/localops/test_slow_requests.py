"""A request that trickles in is given up with a sentence; one that is slow but comes on is answered."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from localops_process import LocalopsProcess

from localops.serving.http_protocol import MAX_HEAD_S, MAX_SILENCE_S, MIN_BODY_BYTES_PER_S

ECHO = "#--web true\ndef main(args): return {'body': {'length': len(args['input'])}}\n"
# Of the time that a trickle is given, and what a busy machine may add.
SLACK_S = 15.0
HEAD = b"POST /api/my/demo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalopsProcess]:
    folder: Path = tmp_path_factory.mktemp("slow")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "echo.py").write_text(ECHO)
    with LocalopsProcess(project=folder, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        yield process


def answer_to_a_trickle(
    server: LocalopsProcess, begin: bytes, part: bytes, every_s: float
) -> tuple[bytes, float]:
    """Return what is answered to a request of which a part comes now and then, and after how many seconds."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
        connection.sendall(begin)
        connection.settimeout(every_s)
        while time.monotonic() - began < MAX_SILENCE_S + 2 * SLACK_S:
            # The time between two parts is what is tried here; an answer ends it at once.
            with contextlib.suppress(TimeoutError):
                return connection.recv(65536), time.monotonic() - began
            connection.sendall(part)
    return b"", time.monotonic() - began


@pytest.mark.parametrize(
    ("begin", "part", "given_s"),
    [
        (HEAD + b"Content-Length: 100000\r\n\r\n{", b" ", MAX_SILENCE_S),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n \r\n", MAX_SILENCE_S),
        (HEAD, b"X: y\r\n", MAX_HEAD_S),
    ],
    ids=["body", "chunks", "head"],
)
def test_a_trickle_is_given_up_with_a_sentence(
    server: LocalopsProcess, begin: bytes, part: bytes, given_s: float
):
    answer, took_s = answer_to_a_trickle(server, begin, part, 0.5)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), answer
    assert b"The request came too slowly" in answer
    assert given_s - 1 < took_s < given_s + SLACK_S


def test_a_body_that_is_slow_and_comes_on_is_answered(server: LocalopsProcess):
    seconds, rate = MAX_SILENCE_S + 4, 2 * MIN_BODY_BYTES_PER_S
    text = b'{"input":"' + b"x" * int(seconds * rate) + b'"}'
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(text)
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
        connection.sendall(head)
        for at in range(0, len(text), rate // 2):
            connection.sendall(text[at : at + rate // 2])
            time.sleep(0.5)  # the slowness that is tried here
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'{"length":%d}' % int(seconds * rate) in answer
