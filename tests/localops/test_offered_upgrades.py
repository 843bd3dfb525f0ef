"""A request that offers an upgrade is answered in HTTP/1.1, and none of its body is lost, everywhere."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
from collections.abc import Callable, Sequence

import pytest
from cloud import cloud_of
from localops_process import PATIENCE_S, LocalopsProcess
from scripted_ollama import ScriptedOllama

# As Java's HttpClient, Ktor's, and a WebSocket client send them.
OFFERS = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    "h2c, close": "Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
    "websocket": "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
}


def sized(body: bytes) -> tuple[str, bytes]:
    return f"Content-Length: {len(body)}", body


def chunked(body: bytes) -> tuple[str, bytes]:
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    return "Transfer-Encoding: chunked", parts + b"0\r\n\r\n"


FRAMINGS: dict[str, Callable[[bytes], tuple[str, bytes]]] = {"sized": sized, "chunked": chunked}


def in_one(request: bytes) -> list[bytes]:
    return [request]


def after_the_head(request: bytes) -> list[bytes]:
    end = request.index(b"\r\n\r\n") + 4
    return [request[:end], request[end:]]


def byte_by_byte(request: bytes) -> list[bytes]:
    return [request[place : place + 1] for place in range(len(request))]


CUTS = [in_one, after_the_head, byte_by_byte]


class KeptOpen(io.BufferedReader):
    """What a connection says, for one HTTPResponse after the other: each wants to close it."""

    def close(self) -> None:
        """Leave that to the connection."""


def answers(host: str, parts: Sequence[bytes], count: int) -> list[bytes]:
    """Send the parts of some requests, and return the bodies of the answers to them."""
    name, _, port = host.rpartition(":")
    with socket.create_connection((name, int(port)), timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        found: list[bytes] = []
        file = KeptOpen(socket.SocketIO(connection, "r"))
        for _ in range(count):
            response = http.client.HTTPResponse(connection)
            response.fp = file
            response.begin()
            assert response.status == 200
            found.append(response.read(response.length) if response.length is not None else response.read())
        return found


def post(path: str, body: object, offer: str, framing: str, *headers: str) -> bytes:
    framed, data = FRAMINGS[framing](json.dumps(body).encode())
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers, "Content-Type: application/json"]
    return "\r\n".join([*lines, OFFERS[offer], framed]).encode() + b"\r\n\r\n" + data


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("offer", OFFERS)
def test_the_model_server_reads_the_body(
    ollama: ScriptedOllama, offer: str, framing: str, cut: Callable[[bytes], list[bytes]]
):
    body = {"model": "llama3.1:8b", "prompt": "what I said", "stream": False}
    request = post("/api/generate", body, offer, framing)
    (said,) = answers(ollama.host, cut(request), 1)
    assert json.loads(said)["response"] == "You said: what I said"


@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_next_requests_on_the_connection_are_answered_too(ollama: ScriptedOllama, framing: str):
    bodies = [{"model": "llama3.1:8b", "prompt": str(number), "stream": False} for number in range(3)]
    requests = b"".join(post("/api/generate", body, "h2c", framing) for body in bodies)
    said = answers(ollama.host, [requests[:300], requests[300:]], 3)
    assert [json.loads(each)["response"] for each in said] == [f"You said: {number}" for number in range(3)]


def test_a_body_of_no_bytes_is_one(ollama: ScriptedOllama):
    head = f"GET /api/version HTTP/1.1\r\nHost: localhost\r\n{OFFERS['h2c']}\r\nContent-Length: 0\r\n\r\n"
    assert len(answers(ollama.host, [head.encode() * 2], 2)) == 2


SURFACES = {
    "web action": "/api/my/cases/echo",
    "REST API": "/api/v1/namespaces/_/actions/cases/echo?blocking=true&result=true",
    "streamer": "/web/devel/cases/streams",
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("surface", SURFACES)
def test_localops_reads_the_body(
    desk: LocalopsProcess, surface: str, framing: str, cut: Callable[[bytes], list[bytes]]
):
    key = base64.b64encode(cloud_of(desk.url, desk.project).auth.encode()).decode()
    request = post(SURFACES[surface], {"count": 2}, "h2c, close", framing, f"Authorization: Basic {key}")
    (said,) = answers(desk.url.removeprefix("http://"), cut(request), 1)
    if surface == "streamer":
        assert said.replace(b"\n", b"") == b'{"output": "0 "}{"output": "1 "}'
    else:
        assert b'"count":2' in said.replace(b" ", b"")
