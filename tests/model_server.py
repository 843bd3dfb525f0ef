"""Start model servers in processes of their own."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
START_S = 20


@dataclass
class ModelServer:
    """A model server and a model that it has."""

    url: str
    model: str
    http: httpx.Client
    process: subprocess.Popen[str] | None = None

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def post(self, path: str, **body: object) -> httpx.Response:
        return self.http.post(path, json=body)


StartModel = Callable[..., AbstractContextManager[ModelServer]]


def client_of(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=START_S, verify=False)  # noqa: S501 # spares loading certificates


@contextmanager
def started(
    *arguments: str, module: str = "localops.ollama", environment: dict[str, str] | None = None
) -> Iterator[ModelServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--fd", str(listener.fileno()), "--ends-with-stdin", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=[listener.fileno()],
        env={**os.environ, **(environment or {})},
    )
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    with process, client_of(url) as http:
        try:
            name = http.get("/api/tags").json()["models"][0]["name"]
            yield ModelServer(url, name, http, process)
            assert process.stdin is not None
            process.stdin.close()  # its parent is gone, as far as it can tell
            assert process.wait(START_S) == 0
        finally:
            process.kill()


@pytest.fixture(scope="session")
def start_model() -> StartModel:
    """Start `python -m localops.ollama` with arguments, or another module; it ends with the block."""
    return started


@pytest.fixture(scope="session")
def llamacpp() -> StartModel:
    """Start the same on llama.cpp; skip where it has no wheel, or fail where nothing may be skipped."""
    if importlib.util.find_spec("xllamacpp") is not None:
        return started
    reason = "xllamacpp is not installed here"
    if os.environ.get("LOCALOPS_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
