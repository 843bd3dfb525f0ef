"""A stand-in for Foundry Local, its service and its program, as openai-style clients and people meet them.

What each generation answers was observed of SDK 1.2.4 and 2.2.1, and read in the source of 0.3 to 0.8.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from waiting import ended

MODEL = "Phi-4-mini-instruct-generic-cpu:5"
# By what answers at the generation's status: the paths that it knows, and what it answers there.
OLD = {
    "/openai/status": {"modelDirPath": "/models", "endpoints": []},
    "/openai/loadedmodels": [MODEL],
}
NEW = {
    "/status": {"endpoints": [], "modelCachePath": "/models", "pid": 17000},
    "/models/loaded": [MODEL],
}
# The word before `status` that the program knows, up to 0.8 and since 0.10, and what it prints.
OLD_PROGRAM = (
    "service",
    "\U0001f7e2 Model management service is running on {url}/openai/status",
    "\U0001f534 Model management service is not running!",
)
NEW_PROGRAM = (
    "server",
    "State    Ready\nPID      17000\nUptime   0:01:02\nWeb URLs {url}",
    "State    Stopped",
)
_UNKNOWN = "Unrecognized command or argument '$1'. See https://aka.ms/foundry-local-docs"


class FoundryService:
    """A service on a port of its own, from `with` to the end of the block.

    Attributes:
        asked: the paths of all requests.
        said: the bodies of all questions.
    """

    def __init__(self, answers: dict[str, Any] = NEW) -> None:
        service = self
        self.asked: list[str] = []
        self.said: list[Any] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append(self.path)
                known = self.path in answers
                self._answer(200 if known else 404, json.dumps(answers.get(self.path, {})).encode())

            def do_POST(self) -> None:
                service.asked.append(self.path)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.said.append(body)
                self._answer(200, _stream(body["model"], "I am Phi."), "text/event-stream")

            def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._server.server_close()
        ended(self._thread)


def _stream(model: str, text: str) -> bytes:
    def chunk(delta: dict[str, str], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return f"data: {json.dumps({'model': model, 'choices': [choice]})}\n\n"

    parts = [chunk({"role": "assistant", "content": ""}), chunk({"content": text}), chunk({}, "stop")]
    return "".join([*parts, "data: [DONE]\n\n"]).encode()


class FoundryProgram:
    """The `foundry` of a folder that is to stand on PATH.

    Args:
        generation: OLD_PROGRAM or NEW_PROGRAM.

    Attributes:
        file: where it is.
        asked: the file of the words that it was called with, a line each.
    """

    def __init__(self, folder: Path, generation: tuple[str, str, str]) -> None:
        word, self._running, self._stopped = generation
        self._said = folder / "said"
        self.asked = folder / "asked"
        self.says("")
        self.file = folder / "foundry"
        self.file.write_text(
            f'#!/bin/sh\necho "$*" >> "{self.asked}"\n'
            f'if [ "$1" = {word} ]; then cat "{self._said}"; else echo "{_UNKNOWN}"; exit 1; fi\n'
        )
        self.file.chmod(0o755)

    def says(self, url: str) -> None:
        """Say from now on that the service runs at a URL; "" for nowhere."""
        new = self._said.with_suffix(".new")
        new.write_text(self._running.format(url=url) if url else self._stopped)
        new.replace(self._said)  # so that nobody reads half of it
