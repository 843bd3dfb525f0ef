"""What an action does behind production's own streamer (its binary is STREAMER_BIN): loss, leaving, stop."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from statistics import median
from typing import Any

from bench.desk import Desk
from bench.errors import BenchError
from bench.figure import Figure
from bench.model import HOST, ModelProcess
from bench.readers import IncrementalReader, LineReader, Reader
from bench.streams import numbered
from bench.subjects.delivery import Damage
from bench.target import Target
from tests.scripted.script import Schedule

VARIABLE = "STREAMER_BIN"
_RUNS = 100
_RUNS_AT_ONCE = 4
_TOKENS = 944
_SOURCE = Schedule(tokens_per_s=300)
_LEAVES = 48
_ANSWERING = Schedule(tokens_per_s=50)
# An answer of 5 s: what ends later than NOTICED_S after its reader left has ended by itself.
_ANSWER = ["word "] * 250
_NOTICED_S = 1.0
_BAR_MS = 300
_START_S = 10
_TIMEOUT_S = 60


def measure(target: Target) -> Iterator[Figure]:
    """Stream answers whole, leave them in the middle, and stop them by the key, all through the streamer."""
    binary = _streamer_binary()
    desk = Desk()
    with ModelProcess() as model:
        deploy(desk, target, model.host, "keyless", redis="")
        deploy(desk, target, model.host, "stoppable", redis=None)
        with desk, streamer(binary, desk.port) as port:
            yield from _losses(model, port, target.share(_RUNS, least=_RUNS_AT_ONCE))
            yield from _leaves(model, port, target.share(_LEAVES))
            yield from _stops(model, desk.port, port, target.share(_LEAVES))


def deploy(desk: Desk, target: Target, model_host: str, name: str, redis: str | None) -> None:
    """Put a copy of the action into the project, which asks this model.

    Args:
        redis: the address it is given; None for that of localops.
    """
    folder = desk.hello.parent / name
    shutil.copytree(target.main_file.parent, folder)
    main = folder / "__main__.py"
    text = main.read_text().replace('"$OLLAMA_HOST"', f'"{model_host}"')
    main.write_text(text if redis is None else text.replace('"$REDIS_URL"', f'"{redis}"'))


def _streamer_binary() -> str:
    """Return what STREAMER_BIN names.

    Raises:
        BenchError: it is not set, or names nothing that can be run.
    """
    binary = os.environ.get(VARIABLE)
    if not binary:
        raise BenchError(
            f"{VARIABLE} names no binary of apache/openserverless-streamer (`go build` in its src/)"
        )
    if not os.access(binary, os.X_OK):
        raise BenchError(f"{binary}, which {VARIABLE} names, cannot be run")
    return binary


@contextmanager
def streamer(binary: str, api_port: int) -> Generator[int]:
    """Run the streamer in front of a localops, and lend its port.

    Raises:
        BenchError: it does not start, or it ended while it was measured.
    """
    with closing(socket.create_server((HOST, 0))) as free:
        port: int = free.getsockname()[1]
    variables = {
        "OW_APIHOST": f"http://{HOST}:{api_port}",
        "STREAMER_ADDR": HOST,
        "HTTP_SERVER_PORT": str(port),
    }
    process = subprocess.Popen([binary], env=variables, stderr=subprocess.DEVNULL)  # noqa: S603 - as asked
    try:
        _wait_until_it_answers(port, process)
        yield port
        if process.poll() is not None:
            raise BenchError("the streamer ended while it was measured")
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise BenchError(f"the streamer did not answer on port {port} within {_START_S} s")


def ask(port: int, action: str, prompt: str, request: str = "") -> HTTPConnection:
    """Ask an action to stream, and return the connection on which its answer comes."""
    connection = HTTPConnection(HOST, port, timeout=_TIMEOUT_S)
    body = json.dumps({"input": prompt, "request": request})
    connection.request("POST", f"/web/devel/bench/{action}", body, {"Content-Type": "application/json"})
    return connection


def _losses(model: ModelProcess, port: int, runs: int) -> Iterator[Figure]:
    """Count the runs that each kind of reader has whole."""
    tokens = numbered(_TOKENS)

    def run(_: int) -> list[bytes]:
        prompt = secrets.token_hex(8)
        model.say(prompt, tokens, _SOURCE)
        with closing(ask(port, "keyless", prompt)) as connection:
            try:
                answer = connection.getresponse()
                return list(iter(lambda: answer.read1(65536), b""))
            except (OSError, HTTPException) as error:
                raise BenchError(f"a stream broke off: {error!r}") from error

    with ThreadPoolExecutor(_RUNS_AT_ONCE) as pool:
        answers = list(pool.map(run, range(runs)))
    for kind, reader in (("incremental", IncrementalReader), ("line", LineReader)):
        damages = [damage(reader(), reads, tokens) for reads in answers]
        whole = sum(not each.total for each in damages)
        lost, doubled = sum(each.lost for each in damages), sum(each.doubled for each in damages)
        note = f"{whole} of {runs} runs; of {runs * _TOKENS:,} tokens {lost} lost, {doubled} doubled"
        yield Figure(
            f"whole through production's streamer, {kind} reader", 100 * whole / runs, "%", note=note
        )


def damage(reader: Reader, reads: list[bytes], tokens: list[str]) -> Damage:
    for data in reads:
        reader.feed(data)
    reader.end()
    return Damage.of(reader.text, tokens)


def _leaves(model: ModelProcess, port: int, times: int) -> Iterator[Figure]:
    """Leave in the middle of answers of 50 tokens a second, without a Redis for a stop key."""
    took_s: list[float] = []
    for _ in range(times):
        prompt = secrets.token_hex(8)
        model.say(prompt, _ANSWER, _ANSWERING)
        with closing(ask(port, "keyless", prompt)) as connection:
            connection.getresponse().read1(65536)
        left_s = time.monotonic()
        took_s.append(model.wait_closed(prompt) - left_s)
    noticed = sum(each < _NOTICED_S for each in took_s)
    name = "reader leaves in mid-answer, noticed by the action through production's streamer, no Redis"
    note = f"{noticed} of {times} within {_NOTICED_S:g} s"
    yield Figure(name, 100 * noticed / times, "%", note=note)


def _stops(model: ModelProcess, api_port: int, port: int, times: int) -> Iterator[Figure]:
    """Press Stop in the middle of answers, while the reader stays."""
    took_ms: list[float] = []
    for _ in range(times):
        prompt, request = secrets.token_hex(8), secrets.token_hex(8)
        model.say(prompt, _ANSWER, _ANSWERING)
        with closing(ask(port, "stoppable", prompt, request)) as connection:
            answer = connection.getresponse()
            answer.read1(65536)
            stopped_s = time.monotonic()
            press(api_port, {"stop": request})
            took_ms.append(1000 * (model.wait_closed(prompt) - stopped_s))
            answer.read()
    within = sum(each <= _BAR_MS for each in took_ms)
    note = f"{within} of {times} within {_BAR_MS} ms, p50 {median(took_ms):.0f} ms"
    name = "stop key to the model's connection closed, through production's streamer: slowest"
    yield Figure(name, max(took_ms), "ms", _BAR_MS, note=note)


def press(api_port: int, members: dict[str, Any]) -> None:
    with closing(HTTPConnection(HOST, api_port, timeout=_TIMEOUT_S)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/my/bench/stoppable", json.dumps(members), headers)
        connection.getresponse().read()
