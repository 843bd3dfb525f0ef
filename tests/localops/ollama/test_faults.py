"""What a scripted server puts on the wire when it fails, read from a bare socket."""

from __future__ import annotations

import errno
import json
import socket
import time
from dataclasses import dataclass

import httpx
import pytest
from scripted_ollama import (
    Answer,
    End,
    Fails,
    Fin,
    Insert,
    RepeatEnd,
    Reset,
    Schedule,
    Script,
    ScriptedOllama,
    Slice,
    Stall,
    Status,
    error_line,
)

ASKED = {"model": "llama3.1:8b", "prompt": "x"}
MESSAGES = [{"role": "user", "content": "x"}]
DEADLINE_S = 20


@dataclass
class Received:
    """All that came over a connection until it ended.

    Attributes:
        ending: "fin", or the name of the error.
    """

    data: bytes
    ending: str

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def chunks(self) -> list[bytes]:
        """The bodies of all whole chunks; of a cut one what there is of it, as the last."""
        rest, found = self.data.partition(b"\r\n\r\n")[2], []
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            found.append(rest[:length])
            rest = rest[length + 2 :]
        return found

    @property
    def terminated(self) -> bool:
        return self.data.endswith(b"\r\n0\r\n\r\n")

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


def connect(ollama: ScriptedOllama, path: str = "/api/generate", **body: object) -> socket.socket:
    content = json.dumps(body or ASKED).encode()
    host, port = ollama.host.split(":")
    connection = socket.create_connection((host, int(port)), DEADLINE_S)
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {ollama.host}",
        "Connection: close",
        f"Content-Length: {len(content)}",
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode() + content)
    return connection


def read_all(connection: socket.socket) -> Received:
    data = b""
    with connection:
        try:
            while piece := connection.recv(65_536):
                data += piece
        except OSError as error:
            return Received(data, errno.errorcode.get(error.errno or 0, "timeout"))
    return Received(data, "fin")


def received(script: Script | Answer, path: str = "/api/generate", **body: object) -> Received:
    with ScriptedOllama(script) as ollama:
        return read_all(connect(ollama, path, **body))


def texts_in(body: bytes) -> list[str]:
    return [json.loads(line)["response"] for line in body.splitlines() if b'"response"' in line]


WORDS = ["one", " two", " three"]


JSON, HTML = b"application/json", b"text/html"


@pytest.mark.parametrize(
    ("fault", "reason", "content_type", "body"),
    [
        (Status(401, "<html>who?</html>"), b"401 Unauthorized", HTML, b"<html>who?</html>"),
        (Status(404, {"error": "not found"}), b"404 Not Found", JSON, b'{"error":"not found"}'),
        (Status(429, {}, {"retry-after": "7"}), b"429 Too Many Requests", JSON, b"{}"),
        (Status(500), b"500 Internal Server Error", HTML, b""),
        (Status(502, "<h1>Bad</h1>"), b"502 Bad Gateway", HTML, b"<h1>Bad</h1>"),
        (Status(503, {"error": "busy"}), b"503 Service Unavailable", JSON, b'{"error":"busy"}'),
    ],
)
def test_a_status_comes_with_json_html_or_nothing(
    fault: Status, reason: bytes, content_type: bytes, body: bytes
):
    answer = received(Answer("never said", faults=[fault]))
    assert answer.head.startswith(b"HTTP/1.1 " + reason + b"\r\n")
    assert b"content-type: " + content_type in answer.head
    assert answer.data.endswith(b"\r\n\r\n" + body)
    assert (b"retry-after: 7" in answer.head) is (fault.status == 429)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "ending", "terminated"), [(Reset, "ECONNRESET", False), (Fin, "fin", False), (End, "fin", True)]
)
def test_an_answer_is_cut_where_the_script_says(after: int, kind, ending: str, terminated: bool):
    answer = received(Answer(WORDS, faults=[kind(after=after)]))
    assert answer.ending == ending
    assert answer.terminated is terminated or after == 0
    whole = [line for line in answer.body.splitlines(keepends=True) if line.endswith(b"\n")]
    assert texts_in(b"".join(whole)) == WORDS[:after]


def test_a_fin_comes_inside_a_chunk_and_inside_a_line():
    answer = received(Answer(WORDS, faults=[Fin(after=1)]))
    size, _, cut = answer.data.rpartition(b"\r\n")
    assert len(cut) == int(size.rpartition(b"\r\n")[2], 16) // 2
    assert cut.startswith(b'{"model"')
    assert not cut.endswith(b"\n")


def test_a_reset_before_the_first_byte_leaves_nothing_to_read():
    assert received(Answer("x", faults=[Reset()])) == Received(b"", "ECONNRESET")


def test_a_stream_can_end_without_done():
    answer = received(Answer(WORDS, faults=[End()]))
    assert (answer.ending, answer.terminated) == ("fin", True)
    assert texts_in(answer.body) == WORDS
    assert b'"done":true' not in answer.body


@pytest.mark.parametrize("after", [0, 2, 3])
def test_the_engine_can_break(after: int):
    answer = received(Answer(WORDS, faults=[Fails("out of memory", after=after, status=507)]))
    if after == 0:
        assert answer.head.startswith(b"HTTP/1.1 507 ")
        assert answer.data.endswith(b'\r\n\r\n{"error":"out of memory"}')
    else:
        assert texts_in(answer.body) == WORDS[:after]
        assert answer.body.endswith(b'\n{"error":"out of memory"}\n')
        assert answer.terminated


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_line_comes_with_status_200_from_old_servers(after: int):
    answer = received(Answer(WORDS, faults=error_line("boom", after)))
    assert answer.head.startswith(b"HTTP/1.1 200 OK")
    assert texts_in(answer.body) == WORDS[:after]
    assert answer.body.endswith(b'{"error":"boom"}\n')
    assert b'"done":true' not in answer.body


@pytest.mark.parametrize(
    "data", [b"\n", b"\n\n", b"not json\n", b"[1,2]\n", b"\xff\xfe\n", b"{}{}\n", b": comment\n\n"]
)
@pytest.mark.parametrize(("after", "place"), [(0, 0), (2, 2), (None, 3)])
def test_bytes_that_do_not_belong_are_put_between_lines(data: bytes, after: int | None, place: int):
    body = received(Answer(WORDS, faults=[Insert(data, after)])).body
    before, inserted, behind = body.partition(data) if data.strip() else _at_line(body, place, len(data))
    assert inserted == data
    assert texts_in(before) == WORDS[:place]
    assert texts_in(behind) == [*WORDS[place:], ""]


def _at_line(body: bytes, place: int, length: int) -> tuple[bytes, bytes, bytes]:
    begin = sum(len(line) for line in body.splitlines(keepends=True)[:place])
    return body[:begin], body[begin : begin + length], body[begin + length :]


def test_the_last_line_can_come_twice():
    last, again = received(Answer(WORDS, faults=[RepeatEnd()])).body.splitlines()[-2:]
    assert last == again
    assert json.loads(last)["done"]


@pytest.mark.parametrize("path", ["/api/generate", "/api/chat", "/v1/chat/completions"])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_writes_can_be_cut_inside_characters_and_inside_json(path: str, size: int):
    answer = Answer(["perché ", "\U0001f600", " x" * 100], faults=[Slice(size)])
    cut = received(answer, path, model="llama3.1:8b", prompt="x", messages=MESSAGES, stream=True)
    sizes = {len(chunk) for chunk in cut.chunks}
    assert max(sizes) == size
    assert size > 1 or sizes == {0, 1}
    assert cut.terminated
    assert "\U0001f600".encode() in cut.body
    for line in filter(None, cut.body.removesuffix(b"data: [DONE]\n\n").split(b"\n")):
        json.loads(line.removeprefix(b"data: "))


def test_several_lines_come_in_one_write():
    chunks = received(Answer(WORDS * 2, schedule=Schedule(tokens_per_s=10_000, burst=3))).chunks
    assert [chunk.count(b"\n") for chunk in chunks] == [3, 3, 1, 0]


def test_a_line_can_be_longer_than_64_kb():
    body = received(Answer(["x" * 200_000, " y"])).body
    assert [len(text) for text in texts_in(body)] == [200_000, 2, 0]


def test_a_stall_sends_nothing_more_and_stays_open_until_the_client_leaves():
    with ScriptedOllama(Answer(WORDS, faults=[Stall(after=2)])) as ollama:
        connection = connect(ollama)
        data = b""
        while b" two" not in data:
            data += connection.recv(65_536)
        request = ollama.requests[0]
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert request.closed_s is None
        left_s = time.monotonic()
        connection.close()
        assert request.wait_closed(DEADLINE_S)
        assert request.closed_s is not None
        assert request.closed_s >= left_s
        assert request.answered_s is None


def test_a_stall_with_an_end_goes_on():
    answer = received(Answer(WORDS, faults=[Stall(after=1, seconds=0.05)]))
    assert texts_in(answer.body) == [*WORDS, ""]


@pytest.mark.parametrize("schedule", [Schedule(), Schedule(tokens_per_s=1000)])
def test_an_endless_answer_ends_when_the_client_leaves(schedule: Schedule):
    with ScriptedOllama(Answer(["again "], endless=True, schedule=schedule)) as ollama:
        with connect(ollama) as connection:
            for _ in range(3):
                assert connection.recv(65_536)
        assert ollama.wait_requests(1)[0].wait_closed(DEADLINE_S)


def test_a_fault_can_hit_any_route():
    script = Script("x", routes={"/api/tags": [Status(401)], "/": [Reset()]})
    with ScriptedOllama(script) as ollama:
        assert httpx.get(ollama.url + "/api/tags").status_code == 401
        with pytest.raises(httpx.ReadError):
            httpx.get(ollama.url)
        assert httpx.get(ollama.url + "/api/version").status_code == 200


def test_a_refusing_server_holds_its_port_and_refuses():
    with ScriptedOllama(refuse=True) as ollama, pytest.raises(httpx.ConnectError):
        httpx.get(ollama.url)


def test_a_whole_object_can_be_damaged_too():
    whole = received(Answer("Rome.", faults=[Insert(b"<!-- proxy -->", 0)]), **ASKED, stream=False)
    cut = received(Answer("Rome.", faults=[Fin()]), **ASKED, stream=False)
    assert whole.body.startswith(b"<!-- proxy -->{")
    assert cut.ending == "fin"
    length = int(cut.head.partition(b"content-length: ")[2].split(b"\r")[0])
    assert len(cut.data.partition(b"\r\n\r\n")[2]) == length // 2
