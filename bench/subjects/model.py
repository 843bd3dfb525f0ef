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

LOADS = 20
FIRST_TOKENS = 100
SPEED_ROUNDS = 10
ABANDONED = 100
LOAD_BAR_S, FIRST_TOKEN_BAR_MS, FREE_BAR_MS, SPEED_BAR = 0.3, 10, 100, 0.8
QUESTION = "What is the capital of Italy?"
CONTEXT = 1024
TOKENS = 900
# Digits in their order, so that every answer is as long as it may be; the bare engine is held to the same.
DIGITS = {"type": "string", "pattern": "^(0123456789){400}$"}
LONG: dict[str, Any] = {"prompt": "Hello", "raw": True, "format": DIGITS, "options": {"num_predict": TOKENS}}
WORDS_OF_PROMPT = 400
LINES_READ = 60
DEADLINE_S = 30.0


def measure(target: Target) -> Iterator[Figure]:
    """Start the server as `up` does, and ask it over its socket."""
    binding = engine_binding()
    with serving() as server:
        yield load_figure(server, target.share(LOADS, least=3))
        yield first_token_figure(server, target.share(FIRST_TOKENS, least=5))
        yield from speed_figures(server, binding, target.share(SPEED_ROUNDS, least=3))
        yield abandoned_figure(server, target.share(ABANDONED, least=5))
        yield Figure("memory of the model server after all that", server.memory_mb(), "MB")


class ModelServer:
    """The server's process, and one client that keeps its connection."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)

    def ask(self, **body: Any) -> http.client.HTTPResponse:
        """Send a request to generate; the answer is still to be read."""
        self.connection.request("POST", "/api/generate", json.dumps({"model": BUILTIN_NAME, **body}))
        response = self.connection.getresponse()
        if response.status != http.client.OK:
            raise BenchError(f"the model server refused: {response.read(300)!r}")
        return response

    def whole(self, **body: Any) -> dict[str, Any]:
        """Give an answer that is not streamed."""
        return json.loads(self.ask(**body, stream=False).read())

    def memory_mb(self) -> float:
        """Resident memory, 0 where the system does not tell."""
        return linux_process.memory_bytes(self.process.pid) / 1e6


def engine_binding() -> Any:
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise BenchError(f"llama.cpp cannot run here: {error}; install `xllamacpp`") from error


@contextmanager
def serving() -> Generator[ModelServer]:
    """Run the server on a socket that listens already; it ends with its standard input."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "localops.ollama", "--fd", str(listener.fileno()), "--ends-with-stdin"],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
        port = listener.getsockname()[1]
    server = ModelServer(process, port)
    with process:
        try:
            server.whole(prompt=QUESTION)
            yield server
        finally:
            server.connection.close()
            process.kill()


def load_figure(server: ModelServer, times: int) -> Figure:
    loads_s: list[float] = []
    for _ in range(times):
        server.whole(keep_alive=0)
        loads_s.append(server.whole(prompt=QUESTION)["load_duration"] / 1e9)
    return Figure("loading the built-in model, p50", median(loads_s), "s", LOAD_BAR_S)


def first_token_figure(server: ModelServer, times: int) -> Figure:
    firsts_ms: list[float] = []
    for number in range(times):
        begun_s = time.perf_counter()
        response = server.ask(
            prompt=f"{QUESTION} {number}"
        )  # another each time: nothing of it is in the cache
        response.readline()
        firsts_ms.append(1000 * (time.perf_counter() - begun_s))
        response.read()
    return Figure("request to first token, loaded, p50", median(firsts_ms), "ms", FIRST_TOKEN_BAR_MS)


def speed_figures(server: ModelServer, binding: Any, rounds: int) -> Iterator[Figure]:
    """Take turns between the server and the engine without it."""
    engine = start_server(binding, BUILTIN_FILE, CONTEXT)
    served, bare = list[float](), list[float]()
    for _ in range(rounds):
        served.append(served_speed(server))
        bare.append(bare_speed(engine))
    ratio = median(mine / own for mine, own in zip(served, bare, strict=True))
    yield Figure("speed of the model server beside the engine alone", ratio, "", SPEED_BAR, at_least=True)
    yield Figure("the model server, p50", median(served), "tok/s")
    yield Figure("the engine through its Python binding, p50", median(bare), "tok/s")


def served_speed(server: ModelServer) -> float:
    """Tokens a second, from the first line to the last as a client sees them."""
    response = server.ask(**LONG)
    response.readline()
    begun_s = time.perf_counter()
    last = b""
    while line := response.readline():
        last = line
    return json.loads(last)["eval_count"] / (time.perf_counter() - begun_s)


def bare_speed(engine: Any) -> float:
    """Tokens a second, from the engine's first call back to its last."""
    at_s: list[float] = []

    def note(_chunk: Any) -> bool:
        at_s.append(time.perf_counter())
        return False

    engine.handle_completions(
        {"prompt": "Hello", "stream": True, "json_schema": DIGITS, "n_predict": TOKENS, "temperature": 0.8},
        note,
    )
    return (len(at_s) - 1) / (at_s[-1] - at_s[0])


def abandoned_figure(server: ModelServer, times: int) -> Figure:
    """Leave streams at any point, in the prompt too, and ask again at once: how long until the next token."""
    chance = random.Random(0)  # noqa: S311 - the same points in every run
    waits_ms = [abandoned_ms(server, chance) for _ in range(times)]
    within = sum(wait <= FREE_BAR_MS for wait in waits_ms)
    return Figure(
        "abandoned stream to the next one's first token: slowest",
        max(waits_ms),
        "ms",
        FREE_BAR_MS,
        note=f"{within} of {times} within {FREE_BAR_MS} ms, p50 {median(waits_ms):.1f} ms",
    )


def abandoned_ms(server: ModelServer, chance: random.Random) -> float:
    prompt = " ".join(chance.choices(QUESTION.split(), k=chance.randint(1, WORDS_OF_PROMPT)))
    leaving = ModelServer(server.process, server.connection.port)
    body = {"model": BUILTIN_NAME, **LONG, "prompt": prompt, "options": {"num_predict": TOKENS}}
    leaving.connection.request("POST", "/api/generate", json.dumps(body))
    if lines := chance.randint(0, LINES_READ):
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
