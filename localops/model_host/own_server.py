"""The model server that `up` starts: the built-in model, or the person's own files."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from localops import bootstrap
from localops.errors import StartError
from localops.model_host.files import ModelFiles
from localops.model_host.host import ModelHost
from mastro.providers.ollama.host import OllamaHost

# What the model switcher of the chats asks for; a project may name more.
ALWAYS_STOOD_IN_FOR = ("llama3.1:8b", "deepseek-r1:32b")
LLAMA_CPP, SCRIPT = "llamacpp", "scripted"
WHO = {
    LLAMA_CPP: "A real but tiny model (3 million parameters) answers",
    SCRIPT: "No model answers, only a script: llama.cpp does not run on this machine",
}
HOW_TO_GET_A_BIG_ONE = (
    "for a big one install Ollama (https://ollama.com), run `ollama pull llama3.1:8b` and start this again"
)
OTHER_WAYS = "or start it with `--model FILE.gguf`, or with OLLAMA_HOST set"
NO_LLAMA_CPP = (
    "--model needs llama.cpp, which does not run on this machine; install Ollama (https://ollama.com) "
    "and start this without --model"
)
# The model server's exit statuses; see localops/ollama/__main__.py.
CANNOT_START, NO_ENGINE = 1, 3
# How a process ends when the machine lacks an instruction that llama.cpp was built with.
NO_INSTRUCTION = -signal.SIGILL
RESTART_PAUSE_S = 1.0

log = logging.getLogger("localops.model")


def _has_llama_cpp() -> bool:
    try:
        return bootstrap.install_llama_cpp()
    except bootstrap.BootstrapError as error:
        raise StartError(f"{error}; with an Ollama, here or at OLLAMA_HOST, this is not needed") from error


class OwnModelServer:
    """The model server as a child process, started again when it ends unasked.

    Its listening socket stays open in this process, so requests wait for it rather than fail.

    Args:
        files: the person's models; None for the built-in one.
        wanted: names that the project asks for; the first model that can chat answers for missing ones.

    Attributes:
        when_changed: called when another engine answers from now on.

    Raises:
        StartError: the person's models cannot run on this machine, or llama.cpp cannot be installed.
    """

    def __init__(self, files: ModelFiles | None, wanted: Sequence[str]) -> None:
        self.files = files
        self.stands_in_for = tuple(dict.fromkeys([*ALWAYS_STOOD_IN_FOR, *wanted]))
        self.engine = LLAMA_CPP if _has_llama_cpp() else SCRIPT
        if files and self.engine == SCRIPT:
            raise StartError(NO_LLAMA_CPP)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.process: asyncio.subprocess.Process | None = None
        self.when_changed: Callable[[], None] = lambda: None

    @property
    def address(self) -> OllamaHost:
        return OllamaHost("http", *self.socket.getsockname())

    def host(self) -> ModelHost:
        """What actions get, and people are told, as long as this engine answers."""
        if self.files:
            notice = line = f"{self.answering(self.files)}."
        else:
            notice = f"{WHO[self.engine]}; {HOW_TO_GET_A_BIG_ONE}."
            line = f"{WHO[self.engine]}; {HOW_TO_GET_A_BIG_ONE}, {OTHER_WAYS}."
        given = {"OLLAMA_HOST": str(self.address), "OLLAMA_PROTO": "http", "CHAT_NOTICE": notice}
        return ModelHost(given, f"model: {line}")

    def answering(self, files: ModelFiles) -> str:
        """Which of the person's models answers for what."""
        others = " and ".join(self.stands_in_for)
        if files.is_one:
            return f"{files.title} answers, also in the place of {others}"
        return (
            f"the models of {files.title} answer, the first that can chat also in the place of {others}; "
            "type @ in the chat to choose"
        )

    async def run(self) -> None:
        """Keep the server running until cancelled.

        Raises:
            StartError: the person's models cannot be run.
        """
        try:
            while True:
                self.process = await self.start()
                await self.go_on_after(await self.process.wait())
        finally:
            await self.end()

    async def go_on_after(self, status: int) -> None:
        if self.engine == LLAMA_CPP and status in (NO_ENGINE, NO_INSTRUCTION):
            self.go_on_with_script()
        elif self.files and status == CANNOT_START:
            raise StartError("the model server cannot run what --model names; the line above says why")
        else:
            log.warning("model: its server ended with status %s and is started again", status)
            await asyncio.sleep(RESTART_PAUSE_S)

    def go_on_with_script(self) -> None:
        if self.files:
            raise StartError(NO_LLAMA_CPP)
        self.engine = SCRIPT
        log.warning("model: %s", WHO[SCRIPT])
        self.when_changed()

    async def start(self) -> asyncio.subprocess.Process:
        models = [word for name in self.files.words for word in ("--model", name)] if self.files else []
        names = [word for name in self.stands_in_for for word in ("--stands-in-for", name)]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "localops.ollama", "--fd", str(self.socket.fileno())),
            # It ends when the pipe to it closes, so it cannot outlive this process.
            *("--engine", self.engine, *models, *names, "--ends-with-stdin"),
            pass_fds=[self.socket.fileno()],
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
