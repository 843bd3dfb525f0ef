"""A server that speaks OpenAI's protocol as it is met: what it says is given event by event, or byte by byte.

with OpenAIServer(streamed_answer("Rome is the capital.")) as server:     one answer for every question
OpenAIServer(refusal(429, "busy"), streamed_answer("now"))                one after the other
OpenAIServer(answer, routes={"/v1/models": json_answer({"data": []})})    other paths
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_PATIENCE_S = 60.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
EVENT_STREAM = {"content-type": "text/event-stream"}


@dataclass(frozen=True)
class Said:
    """One answer, as bytes.

    Attributes:
        parts: what is sent, each in a write of its own.
        first_s: silence before the status line.
        every_s: a pause after each part.
        then: what comes after the last part: the "end", a "reset", or nothing while the connection stays open
            ("silence").
        forever: a part that is sent again and again after the last one, until the client leaves.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    parts: Sequence[bytes] = ()
    first_s: float = 0.0
    every_s: float = 0.0
    then: str = "end"
    forever: bytes = b""


@dataclass
class Received:
    """One request.

    Attributes:
        body: its JSON; None without one.
        closed: set when the client has left before the answer was whole.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    closed: threading.Event = field(default_factory=threading.Event)


def event(value: Any) -> bytes:
    """Return one server-sent event."""
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def chunk(delta: Mapping[str, Any] | None, finish: str | None = None, **members: Any) -> dict[str, Any]:
    """Return one chunk of a chat completion; without a delta the choice has none."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
    if delta is not None:
        choice["delta"] = dict(delta)
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **members,
    }


def usage_chunk(prompt: int, completion: int) -> dict[str, Any]:
    """Return the chunk with what was counted, which has no choices."""
    counted = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": counted}


def whole_events(text: str, thinking: str = "", finish: str = "stop") -> list[bytes]:
    """Return the events of a whole answer: role, thoughts, words, end, usage, `[DONE]`."""
    words = [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]
    return [
        event(chunk({"role": "assistant", "content": ""})),
        *(event(chunk({"reasoning_content": thinking})) for _ in [0] if thinking),
        *(event(chunk({"content": word})) for word in words),
        event(chunk({}, finish)),
        event(usage_chunk(7, len(words))),
        event(b"[DONE]"),
    ]


def streamed_answer(text: str, thinking: str = "", finish: str = "stop", **how: Any) -> Said:
    """Return a whole streamed answer."""
    return Said(200, EVENT_STREAM, whole_events(text, thinking, finish), **how)


def stream(*parts: bytes, **how: Any) -> Said:
    """Return a streamed answer of these bytes."""
    return Said(200, EVENT_STREAM, parts, **how)


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Said:
    """Return an answer with a JSON document, or with a text as a web page."""
    if isinstance(document, str):
        return Said(status, {"content-type": "text/html", **(headers or {})}, [document.encode()])
    return Said(
        status, {"content-type": "application/json", **(headers or {})}, [json.dumps(document).encode()]
    )


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None, **members: Any) -> Said:
    """Return a refusal in OpenAI's shape."""
    error = {"message": message, "type": None, "param": None, "code": None, **members}
    return json_answer({"error": error}, status, headers)


class OpenAIServer:
    """A server on a port of its own, from `with` to the end of the block.

    Args:
        answers: to successive questions; the last one serves for all later ones.
        routes: answers by path, query included, for everything that is not a question.

    Attributes:
        requests: every request so far.
    """

    def __init__(self, *answers: Said, routes: Mapping[str, Said] | None = None) -> None:
        self.requests: list[Received] = []
        self.answers = list(answers)
        self.routes = dict(routes or {})
        self._arrived = threading.Condition()
        self._over = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, name="scripted-openai")

    @property
    def host(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The same as a URL."""
        return f"http://{self.host}"

    @property
    def questions(self) -> list[Received]:
        """The requests for an answer."""
        return [request for request in self.requests if "/chat/completions" in request.path]

    def wait_requests(self, count: int, timeout_s: float = _PATIENCE_S) -> list[Received]:
        """Wait until so many requests have come.

        Raises:
            TimeoutError: they have not come in time.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came within {timeout_s} s")
            return list(self.requests)

    def next_answer(self, request: Received) -> Said:
        """Record a request, and take the answer to it."""
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            if request.path in self.routes:
                return self.routes[request.path]
            if "/chat/completions" not in request.path or not self.answers:
                return json_answer("404 page not found", 404)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def rest(self, seconds: float) -> bool:
        """Wait, but no longer than this server lives; return whether it still does."""
        return not self._over.wait(seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            raise TimeoutError(f"the scripted server did not end within {_PATIENCE_S} s")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, scripted: OpenAIServer) -> None:
        self.scripted = scripted
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that left: tests make them leave."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    @property
    def _scripted(self) -> OpenAIServer:
        assert isinstance(self.server, _Server)
        return self.server.scripted

    def _answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, json.loads(body) if body else None)
        said = self._scripted.next_answer(received)
        try:
            self._send(said)
        except OSError:
            received.closed.set()
        self.close_connection = True

    def _send(self, said: Said) -> None:
        self._rest(said.first_s)
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.send_header("connection", "close")
        self.end_headers()
        for part in said.parts:
            self._write(part)
            self._rest(said.every_s)
        while said.forever:
            self._write(said.forever)
            self._rest(max(0.01, said.every_s))
        if said.then == "silence":
            self._rest(_PATIENCE_S)
        elif said.then == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.connection.close()
        elif said.then == "end":
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def _rest(self, seconds: float) -> None:
        """Wait, and notice a client that leaves meanwhile."""
        end_at = time.monotonic() + seconds
        self.connection.settimeout(0.02)
        while time.monotonic() < end_at:
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    raise ConnectionResetError
            except TimeoutError:
                pass
            if not self._scripted.rest(0):
                raise ConnectionResetError
        self.connection.settimeout(_PATIENCE_S)
