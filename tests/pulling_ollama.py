"""A small HTTP server that pulls models as Ollama says that it does, from a script.

Source: ollama server/routes.go PullHandler, server/images.go PullModel, server/download.go.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LAYER, CONFIG = "sha256:" + "6a0746a1ec1a" * 5, "sha256:" + "4fa551d4f938" * 5
SIZE, CONFIG_SIZE = 4_700_000_000, 12_403

Line = dict[str, Any] | Callable[[], object]


def layer(completed: int, digest: str = LAYER, total: int = SIZE) -> dict[str, Any]:
    """A line about the part of a model that comes; as in Ollama, nothing yet is left out."""
    line = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": total}
    return line | ({"completed": completed} if completed else {})


BEGIN: list[Line] = [{"status": "pulling manifest"}, layer(0)]
END: list[Line] = [
    layer(SIZE),
    layer(0, CONFIG, CONFIG_SIZE),
    layer(CONFIG_SIZE, CONFIG, CONFIG_SIZE),
    {"status": "verifying sha256 digest"},
    {"status": "writing manifest"},
    {"status": "success"},
]
WHOLE = [*BEGIN, *(layer(SIZE * tenth // 20) for tenth in range(1, 20)), *END]


class PullingOllama:
    """Answers every pull with the same lines.

    Args:
        lines: objects to send, and functions to call between them.
        is_cut: end the connection after the lines without ending the answer.
        status: of the answer; other than 200, the only line is its body.

    Attributes:
        host: for OLLAMA_HOST.
        requests: the bodies that came, with the Authorization header.
    """

    def __init__(self, lines: Sequence[Line], *, is_cut: bool = False, status: int = 200) -> None:
        self.lines, self.is_cut, self.status = lines, is_cut, status
        self.requests: list[tuple[Any, str | None]] = []

    @contextmanager
    def run(self) -> Iterator[PullingOllama]:
        ollama = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                ollama.requests.append((body, self.headers["Authorization"]))
                assert self.path == "/api/pull"
                with suppress(OSError):  # the client has left
                    ollama.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Write nothing between the lines of the tests."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.host = f"127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.send_response(self.status)
        handler.send_header("Content-Type", "application/x-ndjson")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for line in self.lines:
            if isinstance(line, dict):
                data = json.dumps(line).encode() + b"\n"
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            else:
                line()
        if not self.is_cut:
            handler.wfile.write(b"0\r\n\r\n")
