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
RUNS = 100
RUNS_AT_ONCE = 4
TOKENS = 944
SOURCE = Schedule(tokens_per_s=300)
LEAVES = 48
ANSWERING = Schedule(tokens_per_s=50)
# An answer of 5 s: what ends later than NOTICED_S after its reader left has ended by itself.
ANSWER = ["word "] * 250
NOTICED_S = 1.0
BAR_MS = 300
START_S = 10
TIMEOUT_S = 60


def measure(target: Target) -> Iterator[Figure]:
    """Stream answers whole, leave them in the middle, and stop them by the key, all through the streamer."""
    binary = streamer_binary()
    desk = Desk()
    with ModelProcess() as model:
        deploy(desk, target, model.host, "keyless", redis="")
        deploy(desk, target, model.host, "stoppable", redis=None)
        with desk, streamer(binary, desk.port) as port:
            yield from losses(model, port, target.share(RUNS, least=RUNS_AT_ONCE))
            yield from leaves(model, port, target.share(LEAVES))
            yield from stops(model, desk.port, port, target.share(LEAVES))


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


def streamer_binary() -> str:
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
        wait_until_it_answers(port, process)
        yield port
        if process.poll() is not None:
            raise BenchError("the streamer ended while it was measured")
    finally:
        process.terminate()
        process.wait()


def wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise BenchError(f"the streamer did not answer on port {port} within {START_S} s")


def ask(port: int, action: str, prompt: str, request: str = "") -> HTTPConnection:
    """Ask an action to stream, and return the connection on which its answer comes."""
    connection = HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    body = json.dumps({"input": prompt, "request": request})
    connection.request("POST", f"/web/devel/bench/{action}", body, {"Content-Type": "application/json"})
    return connection


def losses(model: ModelProcess, port: int, runs: int) -> Iterator[Figure]:
    """Count the runs that each kind of reader has whole."""
    tokens = numbered(TOKENS)

    def run(_: int) -> list[bytes]:
        prompt = secrets.token_hex(8)
        model.say(prompt, tokens, SOURCE)
        with closing(ask(port, "keyless", prompt)) as connection:
            try:
                answer = connection.getresponse()
                return list(iter(lambda: answer.read1(65536), b""))
            except (OSError, HTTPException) as error:
                raise BenchError(f"a stream broke off: {error!r}") from error

    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        answers = list(pool.map(run, range(runs)))
    for kind, reader in (("incremental", IncrementalReader), ("line", LineReader)):
        damages = [damage(reader(), reads, tokens) for reads in answers]
        whole = sum(not each.total for each in damages)
        lost, doubled = sum(each.lost for each in damages), sum(each.doubled for each in damages)
        note = f"{whole} of {runs} runs; of {runs * TOKENS:,} tokens {lost} lost, {doubled} doubled"
        yield Figure(
            f"whole through production's streamer, {kind} reader", 100 * whole / runs, "%", note=note
        )


def damage(reader: Reader, reads: list[bytes], tokens: list[str]) -> Damage:
    for data in reads:
        reader.feed(data)
    reader.end()
    return Damage.of(reader.text, tokens)


def leaves(model: ModelProcess, port: int, times: int) -> Iterator[Figure]:
    """Leave in the middle of answers of 50 tokens a second, without a Redis for a stop key."""
    took_s: list[float] = []
    for _ in range(times):
        prompt = secrets.token_hex(8)
        model.say(prompt, ANSWER, ANSWERING)
        with closing(ask(port, "keyless", prompt)) as connection:
            connection.getresponse().read1(65536)
        left_s = time.monotonic()
        took_s.append(model.wait_closed(prompt) - left_s)
    noticed = sum(each < NOTICED_S for each in took_s)
    name = "reader leaves in mid-answer, noticed by the action through production's streamer, no Redis"
    note = f"{noticed} of {times} within {NOTICED_S:g} s"
    yield Figure(name, 100 * noticed / times, "%", note=note)


def stops(model: ModelProcess, api_port: int, port: int, times: int) -> Iterator[Figure]:
    """Press Stop in the middle of answers, while the reader stays."""
    took_ms: list[float] = []
    for _ in range(times):
        prompt, request = secrets.token_hex(8), secrets.token_hex(8)
        model.say(prompt, ANSWER, ANSWERING)
        with closing(ask(port, "stoppable", prompt, request)) as connection:
            answer = connection.getresponse()
            answer.read1(65536)
            stopped_s = time.monotonic()
            press(api_port, {"stop": request})
            took_ms.append(1000 * (model.wait_closed(prompt) - stopped_s))
            answer.read()
    within = sum(each <= BAR_MS for each in took_ms)
    note = f"{within} of {times} within {BAR_MS} ms, p50 {median(took_ms):.0f} ms"
    name = "stop key to the model's connection closed, through production's streamer: slowest"
    yield Figure(name, max(took_ms), "ms", BAR_MS, note=note)


def press(api_port: int, members: dict[str, Any]) -> None:
    with closing(HTTPConnection(HOST, api_port, timeout=TIMEOUT_S)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/my/bench/stoppable", json.dumps(members), headers)
        connection.getresponse().read()
