"""Which model server answers: the person's own, an Ollama on this machine, or the built-in one."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from localops import bootstrap
from localops.project.variables import Variable

OLLAMA_ADDRESS = ("127.0.0.1", 11434)
OLLAMA_ANSWER = b"Ollama is running"
# Both names of the model switcher; the built-in model answers for them, under its own name.
STOOD_IN_FOR = ("llama3.1:8b", "deepseek-r1:32b")
HOW_TO_GET_A_BIG_ONE = (
    "for a big one install Ollama (https://ollama.com), run `ollama pull llama3.1:8b` and start this again, "
    "or set OLLAMA_HOST"
)
ENGINE_LINES = {
    "llamacpp": "A real but tiny model (3 million parameters) answers",
    "scripted": "No model answers, only a script: llama.cpp has no build for this machine",
}
# The model server's exit status when the engine cannot be loaded; see localops/ollama/__main__.py.
NO_ENGINE_STATUS = 3
RESTART_PAUSE_S = 1.0

log = logging.getLogger("localops.model")


@dataclass(frozen=True)
class ModelHost:
    """A model server and what to tell people about it.

    Attributes:
        variables: what actions get to reach it.
        line: one line for the console.
    """

    variables: Mapping[str, str]
    line: str


def chosen_by_person(variables: Mapping[str, Variable]) -> ModelHost | None:
    """The server that OLLAMA_HOST names in the environment or in `.env`.

    `packages/.env` does not count: it names the services of a deployment, not of the desk.
    """
    host = variables.get("OLLAMA_HOST")
    if host is None or not host.value or host.source == "packages/.env":
        return None
    proto = variables.get("OLLAMA_PROTO")
    given = {"OLLAMA_HOST": host.value, "OLLAMA_PROTO": proto.value if proto else "", "CHAT_NOTICE": ""}
    return ModelHost(given, f"model: {host.value} (OLLAMA_HOST from {host.source})")


def ollama_of_this_machine() -> ModelHost | None:
    """An Ollama that answers at its usual address."""
    connection = http.client.HTTPConnection(*OLLAMA_ADDRESS, timeout=0.5)
    try:
        connection.request("GET", "/")
        if connection.getresponse().read(100) != OLLAMA_ANSWER:
            return None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    address = "{}:{}".format(*OLLAMA_ADDRESS)
    given = {"OLLAMA_HOST": address, "OLLAMA_PROTO": "http", "CHAT_NOTICE": ""}
    return ModelHost(given, f"model: the Ollama on {address}")


class BuiltInModel:
    """The model server as a child process, started again when it ends unasked.

    Its listening socket stays open in this process, so requests wait for it rather than fail.
    """

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.engine = "llamacpp" if bootstrap.has_build("llamacpp") else "scripted"
        self.process: asyncio.subprocess.Process | None = None

    def host(self) -> ModelHost:
        address = "{}:{}".format(*self.socket.getsockname())
        notice = f"{ENGINE_LINES[self.engine]}; {HOW_TO_GET_A_BIG_ONE}."
        given = {"OLLAMA_HOST": address, "OLLAMA_PROTO": "http", "CHAT_NOTICE": notice}
        return ModelHost(given, f"model: {notice}")

    async def run(self) -> None:
        """Keep the server running until cancelled."""
        try:
            while True:
                self.process = await self.start()
                status = await self.process.wait()
                if status == NO_ENGINE_STATUS and self.engine == "llamacpp":
                    self.engine = "scripted"
                    log.warning("model: llama.cpp could not be loaded. %s", ENGINE_LINES["scripted"])
                else:
                    log.warning("model: its server ended with status %s and is started again", status)
                    await asyncio.sleep(RESTART_PAUSE_S)
        finally:
            await self.end()

    async def start(self) -> asyncio.subprocess.Process:
        names = [word for name in STOOD_IN_FOR for word in ("--stands-in-for", name)]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "localops.ollama", "--fd", str(self.socket.fileno())),
            *("--engine", self.engine, *names),
            pass_fds=[self.socket.fileno()],
            # It ends when this pipe closes, so it cannot outlive this process.
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(bootstrap.ROOT)},
            start_new_session=True,
        )

    async def end(self) -> None:
        self.socket.close()
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
