"""Find the Foundry Local of this machine: its port is another at each start, and only its program knows it.

Source: microsoft/Foundry-Local. Up to 0.8 `foundry service status` tells, since 0.10 `foundry server status`;
up to 0.8 `/openai/status` answers, since SDK 1.0 `/status`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from typing import Any, NamedTuple, cast

from localops.errors import LocalopsError
from mastro.providers.errors import ModelError
from mastro.providers.exchange import Exchange, Patience
from mastro.providers.foundry import Foundry, FoundryServer, foundry_server
from mastro.providers.provider import Request
from mastro.providers.server import is_loopback

PROGRAM = "foundry"
_QUESTIONS = (("server", "status"), ("service", "status"))
_PROGRAM_S = 10.0
_ADDRESS = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d+")
_STATUS_PATHS = ("/status", "/openai/status")
# Each status has one of them.
_STATUS_MEMBERS = ("endpoints", "modelCachePath", "modelDirPath")
_PATIENCE = Patience(2.0, 2.0, 2.0)


class ProgramError(LocalopsError):
    """The program cannot be asked."""


class Found(NamedTuple):
    """A Foundry Local that answers.

    Attributes:
        how: the command that told where it is.
    """

    server: FoundryServer
    how: str


def can_be_asked() -> bool:
    """Return whether the program is there."""
    return shutil.which(PROGRAM) is not None


async def find() -> Found | None:
    """Return the Foundry Local whose program says where it is, if it answers there.

    Raises:
        ProgramError: the program cannot be run, or does not end.
    """
    for words in _QUESTIONS:
        server = server_in(await _said(words))
        if server and await is_foundry(server):
            return Found(server, f"`{PROGRAM} {' '.join(words)}`")
    return None


def server_in(text: str) -> FoundryServer | None:
    """Return the first address of this machine in what the program says.

    What is said to a Foundry Local stays on this machine, so no other address counts.
    """
    for address in _ADDRESS.findall(text):
        server = server_of(address)
        if server and is_loopback(server.name):
            return server
    return None


def server_of(address: str) -> FoundryServer | None:
    """Return a server by its address; None where that makes no sense."""
    try:
        return foundry_server({"FOUNDRY_HOST": address})
    except ModelError:
        return None  # the chats say what is wrong with a setting


def url_of(server: FoundryServer) -> str:
    """Return a server's address as FOUNDRY_HOST has it."""
    return f"{server.scheme}://{server}"


async def is_foundry(server: FoundryServer) -> bool:
    """Return whether a Foundry Local answers at an address."""
    for path in _STATUS_PATHS:
        found = await _document(server, path)
        if isinstance(found, dict) and any(name in cast("dict[str, Any]", found) for name in _STATUS_MEMBERS):
            return True
    return False


async def _document(server: FoundryServer, path: str) -> Any:
    """Return what answers; None where nothing does, or not in JSON."""
    exchange = Exchange(Foundry(server), Request(path), _PATIENCE)
    try:
        return await asyncio.to_thread(exchange.document)
    except ModelError:
        return None
    finally:
        exchange.close()


async def _said(words: tuple[str, ...]) -> str:
    """Return what the program prints."""
    title = f"`{PROGRAM} {' '.join(words)}`"
    try:
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramError(f"{title} cannot be run: {error.strerror}") from error
    try:
        async with asyncio.timeout(_PROGRAM_S):
            output, _ = await process.communicate()
    except TimeoutError:
        raise ProgramError(f"{title} does not end within {_PROGRAM_S:g} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return output.decode(errors="replace")
