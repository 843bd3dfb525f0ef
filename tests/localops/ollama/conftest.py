"""Model servers to test: one over a script in this process, one over llama.cpp in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from scripted_ollama import MODELS, ScriptedOllama

from localops.ollama.llamacpp import BUILTIN_FILE

ROOT = Path(__file__).parents[3]
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
def started(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[ModelServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "localops.ollama", "--fd", str(listener.fileno()), *arguments],
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
    """Start `python -m localops.ollama` with arguments; the process is gone after the block."""
    return started


@pytest.fixture(scope="session")
def llamacpp() -> StartModel:
    """The same for llama.cpp; where it has no wheel skip, or fail where nothing may be skipped."""
    if importlib.util.find_spec("xllamacpp") is not None:
        return started
    reason = "xllamacpp is not installed here"
    if os.environ.get("LOCALOPS_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def with_pooling(source: Path, target: Path) -> Path:
    """Copy a GGUF file; the copy's header says that it pools its tokens to a mean, so it is an embedder."""

    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    data = source.read_bytes()
    pairs = text(b"llama.pooling_type") + struct.pack("<II", 4, 1)  # a u32: the mean
    filler = text(b"general.description") + struct.pack("<I", 8)  # a string, as long as keeps the alignment
    filler += text(b"." * (-len(pairs + filler + bytes(8)) % 32))
    (count,) = struct.unpack_from("<Q", data, 16)
    target.write_bytes(data[:16] + struct.pack("<Q", count + 2) + pairs + filler + data[24:])
    return target


@pytest.fixture(scope="session")
def embedder_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file that makes vectors."""
    return with_pooling(BUILTIN_FILE, tmp_path_factory.mktemp("models") / "tiny-embedder.gguf")


@pytest.fixture(scope="session")
def embedder(llamacpp: StartModel, embedder_file: Path) -> Iterator[ModelServer]:
    """A model that makes vectors, on llama.cpp."""
    with llamacpp("--model", str(embedder_file)) as server:
        yield server


@pytest.fixture(scope="session")
def builtin(llamacpp: StartModel) -> Iterator[ModelServer]:
    """The built-in model on llama.cpp."""
    with llamacpp() as server:
        yield server


@pytest.fixture(scope="session")
def scripted() -> Iterator[ModelServer]:
    """A scripted model that knows a little."""
    with ScriptedOllama() as ollama, client_of(ollama.url) as http:
        yield ModelServer(ollama.url, MODELS[0], http)


@pytest.fixture(params=["scripted", "builtin"])
def server(request: pytest.FixtureRequest) -> ModelServer:
    """Each engine in turn behind the same server."""
    return request.getfixturevalue(request.param)
