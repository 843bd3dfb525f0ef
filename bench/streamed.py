"""Ask a localops for many streams at once and note when what came, in one thread without a lock to wait for.

The same actions can be asked to stream straight to this process, with no streamer between: what that takes
is the action's, the machine's and this reader's own.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.desk import Desk
from bench.errors import BenchError
from localops.streaming.json_objects import JsonObjects

HOST = "127.0.0.1"
_READ_BYTES = 65536
_BASELINES = Path(__file__).with_name("baselines")
DEADLINE_S = 120.0
TAUGHT_SENDER = "taught_sender"
FIRST_LINE = "first_line"

Reads = list[tuple[float, bytes]]


def streaming_desk() -> Desk:
    """Return a localops whose package `bench` holds the actions that stream."""
    desk = Desk()
    for name in (TAUGHT_SENDER, FIRST_LINE):
        source = _BASELINES / f"{name}.py"
        (desk.hello.parent / source.name).write_text(source.read_text())
    return desk


def request(path: str, arguments: Mapping[str, Any]) -> bytes:
    """Return the bytes of a POST whose answer ends its connection."""
    body = json.dumps(arguments).encode()
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(port: int, path: str, each: Sequence[Mapping[str, Any]]) -> tuple[float, list[Reads]]:
    """Make a request with each of these bodies, all at the same time, and read the answers to their ends.

    Returns:
        When the requests were made (`time.monotonic()`), and what was read of each, with its HTTP frame.
    """
    with ExitStack() as sockets:
        asked = [sockets.enter_context(socket.create_connection((HOST, port))) for _ in each]
        requests = [request(path, arguments) for arguments in each]
        begun_s = time.monotonic()
        for connection, data in zip(asked, requests, strict=True):
            connection.sendall(data)
        return begun_s, _read_all(asked)


def through_localops(desk: Desk, action: str, each: Sequence[Mapping[str, Any]]) -> tuple[float, list[Reads]]:
    """Have an action stream with each of these arguments, through the streamer of localops; see `ask`."""
    return ask(desk.port, f"/web/devel/bench/{action}", each)


def directly(desk: Desk, action: str, each: Sequence[Mapping[str, Any]]) -> list[Reads]:
    """Do the same without a streamer: the actions connect to this process."""
    with ExitStack() as sockets:
        listeners = [sockets.enter_context(socket.create_server((HOST, 0))) for _ in each]
        asked = [sockets.enter_context(socket.create_connection((HOST, desk.port))) for _ in each]
        for connection, listener, arguments in zip(asked, listeners, each, strict=True):
            address = {"STREAM_HOST": HOST, "STREAM_PORT": str(listener.getsockname()[1])}
            connection.sendall(request(f"/api/my/bench/{action}", {**arguments, **address}))
        return _read_all([sockets.enter_context(_accepted(listener)) for listener in listeners])


def _accepted(listener: socket.socket) -> socket.socket:
    listener.settimeout(DEADLINE_S)
    try:
        return listener.accept()[0]
    except TimeoutError as error:
        raise BenchError(f"an action did not connect within {DEADLINE_S:g} s") from error


def _read_all(sockets: Sequence[socket.socket]) -> list[Reads]:
    """Read all sockets to their ends."""
    reads: list[Reads] = [[] for _ in sockets]
    with selectors.DefaultSelector() as selector:
        for number, each in enumerate(sockets):
            selector.register(each, selectors.EVENT_READ, number)
        while selector.get_map():
            ready = selector.select(DEADLINE_S)
            if not ready:
                raise BenchError(f"nothing came for {DEADLINE_S:g} s")
            for key, _ in ready:
                number: int = key.data
                source = sockets[number]
                data = source.recv(_READ_BYTES)
                reads[number].append((time.monotonic(), data))
                if not data:
                    selector.unregister(source)
    return reads


def unframed(reads: Reads) -> Reads:
    """Return what an HTTP answer holds, without its head and the frames of its chunks, read by read.

    Raises:
        BenchError: the answer is not a stream.
    """
    rest, wanted, found = b"", 0, Reads()
    in_head = True
    for at_s, data in reads:
        rest += data
        if in_head:
            head, end, after = rest.partition(b"\r\n\r\n")
            if not end:
                continue
            if b" 200 " not in head.partition(b"\r\n")[0]:
                whole = b"".join(part for _, part in reads)
                raise BenchError(f"localops refused: {whole[:500]!r}")
            in_head, rest = False, after
        while rest:
            if not wanted:
                size, end, after = rest.partition(b"\r\n")
                if not end:
                    break
                wanted, rest = int(size, 16) + len(b"\r\n"), after
            part, rest = rest[:wanted], rest[wanted:]
            wanted -= len(part)
            found.append((at_s, part))
    return found


def messages(reads: Reads) -> list[tuple[float, dict[str, Any]]]:
    """Return the JSON objects of one stream, each with the time at which its last byte was read.

    Line breaks, of the streamer and of HTTP, are dropped, as every reader has to.
    """
    objects = JsonObjects()
    return [
        (at_s, piece.value)
        for at_s, data in reads
        for piece in objects.feed(data.translate(None, b"\r\n"))
        if piece.value is not None
    ]
