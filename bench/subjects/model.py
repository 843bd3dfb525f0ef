"""The built-in model's server: load, first token, speed beside the bare engine, memory, abandoned streams."""

from __future__ import annotations

import http.client
import importlib
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from bench.errors import BenchError
from bench.figure import Figure
from bench.target import Target
from localops.ollama.llamacpp import BUILTIN_FILE, BUILTIN_NAME, start_server
from localops.runtime import linux_process

_LOADS = 20
_FIRST_TOKENS = 100
_SPEED_ROUNDS = 10
_ABANDONED = 100
_LOAD_BAR_S, _FIRST_TOKEN_BAR_MS, _FREE_BAR_MS, _SPEED_BAR = 0.3, 10, 100, 0.8
_QUESTION = "What is the capital of Italy?"
_CONTEXT = 1024
_TOKENS = 900
# Digits in their order, so that every answer is as long as it may be; the bare engine is held to the same.
_DIGITS = {"type": "string", "pattern": "^(0123456789){400}$"}
_LONG: dict[str, Any] = {
    "prompt": "Hello",
    "raw": True,
    "format": _DIGITS,
    "options": {"num_predict": _TOKENS},
}
_WORDS_OF_PROMPT = 400
_LINES_READ = 60
_DEADLINE_S = 30.0


def measure(target: Target) -> Iterator[Figure]:
    """Start the server as `up` does, and ask it over its socket."""
    binding = _engine_binding()
    with _serving() as server:
        yield _load_figure(server, target.share(_LOADS, least=3))
        yield _first_token_figure(server, target.share(_FIRST_TOKENS, least=5))
        yield from _speed_figures(server, binding, target.share(_SPEED_ROUNDS, least=3))
        yield _abandoned_figure(server, target.share(_ABANDONED, least=5))
        yield Figure("memory of the model server after all that", server.memory_mb(), "MB")


class _ModelServer:
    """The server's process, and one client that keeps its connection."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_DEADLINE_S)

    def ask(self, **body: Any) -> http.client.HTTPResponse:
        """Send a request to generate; the answer is still to be read."""
        self.connection.request("POST", "/api/generate", json.dumps({"model": BUILTIN_NAME, **body}))
        response = self.connection.getresponse()
        if response.status != http.client.OK:
            raise BenchError(f"the model server refused: {response.read(300)!r}")
        return response

    def whole(self, **body: Any) -> dict[str, Any]:
        """Return an answer that is not streamed."""
        return json.loads(self.ask(**body, stream=False).read())

    def memory_mb(self) -> float:
        """Resident memory, 0 where the system does not tell."""
        return linux_process.memory_bytes(self.process.pid) / 1e6


def _engine_binding() -> Any:
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise BenchError(f"llama.cpp cannot run here: {error}; install `xllamacpp`") from error


@contextmanager
def _serving() -> Generator[_ModelServer]:
    """Run the server on a socket that listens already; it ends with its standard input."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "localops.ollama", "--fd", str(listener.fileno()), "--ends-with-stdin"],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
        port = listener.getsockname()[1]
    server = _ModelServer(process, port)
    with process:
        try:
            server.whole(prompt=_QUESTION)
            yield server
        finally:
            server.connection.close()
            process.kill()


def _load_figure(server: _ModelServer, times: int) -> Figure:
    loads_s: list[float] = []
    for _ in range(times):
        server.whole(keep_alive=0)
        loads_s.append(server.whole(prompt=_QUESTION)["load_duration"] / 1e9)
    return Figure("loading the built-in model, p50", median(loads_s), "s", _LOAD_BAR_S)


def _first_token_figure(server: _ModelServer, times: int) -> Figure:
    firsts_ms: list[float] = []
    for number in range(times):
        begun_s = time.perf_counter()
        response = server.ask(
            prompt=f"{_QUESTION} {number}"
        )  # another each time: nothing of it is in the cache
        response.readline()
        firsts_ms.append(1000 * (time.perf_counter() - begun_s))
        response.read()
    return Figure("request to first token, loaded, p50", median(firsts_ms), "ms", _FIRST_TOKEN_BAR_MS)


def _speed_figures(server: _ModelServer, binding: Any, rounds: int) -> Iterator[Figure]:
    """Take turns between the server and the engine without it."""
    engine = start_server(binding, BUILTIN_FILE, _CONTEXT)
    served, bare = list[float](), list[float]()
    for _ in range(rounds):
        served.append(_served_speed(server))
        bare.append(_bare_speed(engine))
    ratio = median(mine / own for mine, own in zip(served, bare, strict=True))
    yield Figure("speed of the model server beside the engine alone", ratio, "", _SPEED_BAR, at_least=True)
    yield Figure("the model server, p50", median(served), "tok/s")
    yield Figure("the engine through its Python binding, p50", median(bare), "tok/s")


def _served_speed(server: _ModelServer) -> float:
    """Return tokens a second, from the first line to the last as a client sees them."""
    response = server.ask(**_LONG)
    response.readline()
    begun_s = time.perf_counter()
    last = b""
    while line := response.readline():
        last = line
    return json.loads(last)["eval_count"] / (time.perf_counter() - begun_s)


def _bare_speed(engine: Any) -> float:
    """Return tokens a second, from the engine's first call back to its last."""
    at_s: list[float] = []

    def note(_chunk: Any) -> bool:
        at_s.append(time.perf_counter())
        return False

    engine.handle_completions(
        {"prompt": "Hello", "stream": True, "json_schema": _DIGITS, "n_predict": _TOKENS, "temperature": 0.8},
        note,
    )
    return (len(at_s) - 1) / (at_s[-1] - at_s[0])


def _abandoned_figure(server: _ModelServer, times: int) -> Figure:
    """Leave streams at any point, in the prompt too, and ask again at once: how long until the next token."""
    chance = random.Random(0)  # noqa: S311 - the same points in every run
    waits_ms = [_abandoned_ms(server, chance) for _ in range(times)]
    within = sum(wait <= _FREE_BAR_MS for wait in waits_ms)
    return Figure(
        "abandoned stream to the next one's first token: slowest",
        max(waits_ms),
        "ms",
        _FREE_BAR_MS,
        note=f"{within} of {times} within {_FREE_BAR_MS} ms, p50 {median(waits_ms):.1f} ms",
    )


def _abandoned_ms(server: _ModelServer, chance: random.Random) -> float:
    prompt = " ".join(chance.choices(_QUESTION.split(), k=chance.randint(1, _WORDS_OF_PROMPT)))
    leaving = _ModelServer(server.process, server.connection.port)
    body = {"model": BUILTIN_NAME, **_LONG, "prompt": prompt, "options": {"num_predict": _TOKENS}}
    leaving.connection.request("POST", "/api/generate", json.dumps(body))
    if lines := chance.randint(0, _LINES_READ):
        response = leaving.connection.getresponse()
        for _ in range(lines):
            response.readline()
        response.close()
    left_s = time.perf_counter()
    leaving.connection.close()
    following = server.ask(prompt="Hi", raw=True, options={"num_predict": 1})
    following.readline()
    waited_ms = 1000 * (time.perf_counter() - left_s)
    following.read()
    return waited_ms
