"""Fixtures of the chat actions' tests."""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
from waiting import PATIENCE_S, ended

CHATS = ("chat/stateless", "chat/assistant")
# However busy the machine is.
DEADLINE_S = 20


@pytest.fixture
def shared(load_action: Callable[[str], ModuleType]) -> Callable[[str], Any]:
    """Return a module of the library that the chat actions share, by its name in it."""
    load_action("chat/stateless")
    return lambda name: importlib.import_module(f"mastro.{name}")


@pytest.fixture
def issue(load_action: Callable[[str], ModuleType]) -> Callable[[str, bytes], str]:
    """Return the function of the login that makes a token for a user, signed with a secret."""
    load_action("mastrogpt/login")
    return sys.modules["login"].issue


@pytest.fixture
def time_limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Say to the action how many seconds it has, as the runtime does."""

    def limit(seconds: float) -> None:
        monkeypatch.setenv("__OW_DEADLINE", str(int((time.time() + seconds) * 1000)))

    return limit


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for localhost, with its key in the same file."""
    program = shutil.which("openssl")
    if program is None:
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("openssl is not installed, and nothing may be skipped here")
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    whole, key = folder / "whole.pem", folder / "key.pem"
    words = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(whole)]
    subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE_S)
    whole.write_text(whole.read_text() + key.read_text())
    return whole


@pytest.fixture
def tls_front(certificate: Path) -> Callable[[int], TlsFront]:
    """Put TLS for `localhost` before a port of this machine."""
    return lambda port: TlsFront(port, certificate)


class TlsFront:
    """Passes on what comes over TLS, from `with` to the end of the block.

    Attributes:
        host: as OLLAMA_HOST has it.
        port: the same without the rest.
    """

    def __init__(self, port: int, certificate: Path) -> None:
        self._port = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.host = f"https://localhost:{self.port}"

    def __enter__(self) -> Self:
        self._run(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            ended(thread)
        self._listener.close()

    def _run(self, target: Callable[..., None], *args: Any) -> None:
        self._threads.append(threading.Thread(target=target, args=args))
        self._threads[-1].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self._run(self._connect, self._listener.accept()[0])

    def _connect(self, client: socket.socket) -> None:
        with (
            client,
            suppress(OSError),
            self._context.wrap_socket(client, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", self._port), PATIENCE_S) as server,
        ):
            back = threading.Thread(target=self._back, args=(server, secure))
            back.start()
            with suppress(OSError):
                while data := secure.recv(65536):
                    server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join(PATIENCE_S)

    def _back(self, server: socket.socket, secure: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                secure.sendall(data)
            socket.socket.shutdown(secure, socket.SHUT_WR)
