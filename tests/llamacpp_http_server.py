"""llama.cpp's own HTTP server over the built-in model, in a process of its own: a real OpenAI wire."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from child_process import child

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "localops" / "ollama" / "builtin_model" / "builtin-q8_0.gguf"
KEY = "key-of-llamacpp"
NAME = "builtin"
CONTEXT_TOKENS = 256
# It tells where it listens, and ends when its standard input does.
_SERVE = f"""
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = {str(MODEL)!r}
params.model_alias = {{{NAME!r}}}
params.n_ctx = {CONTEXT_TOKENS}
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.port = 0
params.api_keys = [{KEY!r}]
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def llamacpp_server() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start it; give its address and its process."""
    words = [sys.executable, "-c", _SERVE]
    with child(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), "llama.cpp's server did not start"
        yield url, process


@pytest.fixture(scope="session")
def needs_llamacpp() -> None:
    """Skip where it has no wheel, or fail where nothing may be skipped."""
    if importlib.util.find_spec("xllamacpp") is None:
        reason = "xllamacpp is not installed here"
        if os.environ.get("LOCALOPS_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def llamacpp_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Start one for all tests of a file."""
    request.getfixturevalue("needs_llamacpp")
    with llamacpp_server() as (url, _):
        yield url
