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
_ALWAYS_STOOD_IN_FOR = ("llama3.1:8b", "deepseek-r1:32b")
_LLAMA_CPP, _SCRIPT = "llamacpp", "scripted"
_WHO = {
    _LLAMA_CPP: "A real but tiny model (3 million parameters) answers",
    _SCRIPT: "No model answers, only a script: llama.cpp does not run on this machine",
}
_HOW_TO_GET_A_BIG_ONE = (
    "for a big one install Ollama (https://ollama.com), run `ollama pull llama3.1:8b` and start this again"
)
_OTHER_WAYS = "or start it with `--model FILE.gguf`, or with OLLAMA_HOST set"
_NO_LLAMA_CPP = (
    "--model needs llama.cpp, which does not run on this machine; install Ollama (https://ollama.com) "
    "and start this without --model"
)
# The model server's exit statuses; see localops/ollama/__main__.py.
_CANNOT_START, _NO_ENGINE = 1, 3
# How a process ends when the machine lacks an instruction that llama.cpp was built with.
_NO_INSTRUCTION = -signal.SIGILL
_RESTART_PAUSE_S = 1.0

_log = logging.getLogger("localops.model")


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
        self._stands_in_for = tuple(dict.fromkeys([*_ALWAYS_STOOD_IN_FOR, *wanted]))
        self._engine = _LLAMA_CPP if _has_llama_cpp() else _SCRIPT
        if files and self._engine == _SCRIPT:
            raise StartError(_NO_LLAMA_CPP)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._process: asyncio.subprocess.Process | None = None
        self.when_changed: Callable[[], None] = lambda: None

    @property
    def address(self) -> OllamaHost:
        return OllamaHost("http", *self._socket.getsockname())

    def host(self) -> ModelHost:
        """Return what actions get, and people read, as long as this engine answers."""
        if self.files:
            notice = line = f"{self._answering(self.files)}."
        else:
            notice = f"{_WHO[self._engine]}; {_HOW_TO_GET_A_BIG_ONE}."
            line = f"{_WHO[self._engine]}; {_HOW_TO_GET_A_BIG_ONE}, {_OTHER_WAYS}."
        given = {"OLLAMA_HOST": str(self.address), "OLLAMA_PROTO": "http", "CHAT_NOTICE": notice}
        return ModelHost(given, f"model: {line}")

    def _answering(self, files: ModelFiles) -> str:
        """Return a sentence on which of the person's models answers for what."""
        others = " and ".join(self._stands_in_for)
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
                self._process = await self._start()
                await self._go_on_after(await self._process.wait())
        finally:
            await self._end()

    async def _go_on_after(self, status: int) -> None:
        if self._engine == _LLAMA_CPP and status in (_NO_ENGINE, _NO_INSTRUCTION):
            self._go_on_with_script()
        elif self.files and status == _CANNOT_START:
            raise StartError("the model server cannot run what --model names; the line above says why")
        else:
            _log.warning("model: its server ended with status %s and is started again", status)
            await asyncio.sleep(_RESTART_PAUSE_S)

    def _go_on_with_script(self) -> None:
        if self.files:
            raise StartError(_NO_LLAMA_CPP)
        self._engine = _SCRIPT
        _log.warning("model: %s", _WHO[_SCRIPT])
        self.when_changed()

    async def _start(self) -> asyncio.subprocess.Process:
        models = [word for name in self.files.words for word in ("--model", name)] if self.files else []
        names = [word for name in self._stands_in_for for word in ("--stands-in-for", name)]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "localops.ollama", "--fd", str(self._socket.fileno())),
            # It ends when the pipe to it closes, so it cannot outlive this process.
            *("--engine", self._engine, *models, *names, "--ends-with-stdin"),
            pass_fds=[self._socket.fileno()],
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(bootstrap.ROOT)},
            start_new_session=True,
        )

    async def _end(self) -> None:
        self._socket.close()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
