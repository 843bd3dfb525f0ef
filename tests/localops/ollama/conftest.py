"""Model servers to test: one over a script in this process, one over llama.cpp in a process of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import ModelServer, StartModel, client_of, llamacpp, start_model
from scripted_ollama import MODELS, ScriptedOllama

from localops.ollama.llamacpp import BUILTIN_FILE

__all__ = ["llamacpp", "start_model"]


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
    """Provide a GGUF file that makes vectors."""
    return with_pooling(BUILTIN_FILE, tmp_path_factory.mktemp("models") / "tiny-embedder.gguf")


@pytest.fixture(scope="session")
def embedder(llamacpp: StartModel, embedder_file: Path) -> Iterator[ModelServer]:
    """Provide a model that makes vectors, on llama.cpp."""
    with llamacpp("--model", str(embedder_file)) as server:
        yield server


@pytest.fixture(scope="session")
def builtin(llamacpp: StartModel) -> Iterator[ModelServer]:
    """Provide the built-in model on llama.cpp."""
    with llamacpp() as server:
        yield server


@pytest.fixture(scope="session")
def scripted() -> Iterator[ModelServer]:
    """Provide a scripted model that knows a little."""
    with ScriptedOllama() as ollama, client_of(ollama.url) as http:
        yield ModelServer(ollama.url, MODELS[0], http)


@pytest.fixture(params=["scripted", "builtin"])
def server(request: pytest.FixtureRequest) -> ModelServer:
    """Provide each engine in turn behind the same server."""
    return request.getfixturevalue(request.param)
