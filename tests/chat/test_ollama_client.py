"""The request to the model server: its patience, its end, TLS."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest
from scripted_ollama import Answer, Schedule, ScriptedOllama, Stall

ASKED = {"model": "llama3.1:8b", "prompt": "x"}


@pytest.fixture
def exchange(shared: Callable[[str], Any]) -> Callable[..., Any]:
    def make(host: str, path: str = "/api/generate", body: Any = None, **patience: float) -> Any:
        found = shared("ollama_host").ollama_host({"OLLAMA_HOST": host})
        return shared("ollama_client").Exchange(found, path, body, **patience)

    return make


@pytest.fixture
def model_error(shared: Callable[[str], Any]) -> type[Exception]:
    return shared("ollama_host").ModelError


def test_lines_that_arrive_together_come_in_one_list(exchange: Any):
    with ScriptedOllama("one two three") as server:
        lines = [line for batch in exchange(server.host, body=ASKED).batches() for line in batch]
    assert len(lines) == 4
    assert all(line.startswith(b"{") and line.endswith(b"}") for line in lines)


def test_a_document_comes_whole(exchange: Any, ollama: ScriptedOllama):
    assert [model["name"] for model in exchange(ollama.host, "/api/tags").document()["models"]] == [
        "llama3.1:8b",
        "deepseek-r1:32b",
    ]


def test_silence_before_the_first_byte_has_a_limit(exchange: Any, model_error: Any):
    with (
        ScriptedOllama(Answer("x", schedule=Schedule(first_s=60))) as server,
        pytest.raises(model_error, match=r"silent for 0.2 s before its answer: it may be loading or busy"),
    ):
        list(exchange(server.host, body=ASKED, first_byte_s=0.2).batches())


def test_silence_in_the_middle_has_a_limit_of_its_own(exchange: Any, model_error: Any):
    answer = Answer("one two", schedule=Schedule(first_s=0.5), faults=(Stall(after=1),))
    with (
        ScriptedOllama(answer) as server,
        pytest.raises(model_error, match=r"silent for 0.2 s in the middle of its answer"),
    ):
        list(exchange(server.host, body=ASKED, first_byte_s=5, stall_s=0.2).batches())


def test_a_closed_request_is_never_sent(exchange: Any, model_error: Any, ollama: ScriptedOllama):
    closed = exchange(ollama.host, body=ASKED)
    closed.close()
    with pytest.raises(model_error, match="closed before it was sent"):
        list(closed.batches())
    assert ollama.requests == []


def test_closing_twice_and_after_the_end_does_no_harm(exchange: Any, ollama: ScriptedOllama):
    whole = exchange(ollama.host, body=ASKED)
    list(whole.batches())
    whole.close()
    whole.close()


def test_a_reader_that_stops_in_the_middle_closes_the_request(exchange: Any):
    with ScriptedOllama(Answer("word ", endless=True, schedule=Schedule(tokens_per_s=50))) as server:
        reading = exchange(server.host, body=ASKED).batches()
        next(reading)
        reading.close()
        assert server.requests[0].wait_closed(1)


def test_the_body_goes_out_without_waiting_for_an_acknowledgement(exchange: Any, ollama: ScriptedOllama):
    began_s = time.monotonic()
    for _ in range(20):
        list(exchange(ollama.host, body={**ASKED, "prompt": "x" * 10_000}).batches())
    # A delayed acknowledgement takes 40 ms each time.
    assert time.monotonic() - began_s < 20 * 0.04


@pytest.fixture(scope="module")
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
    subprocess.run(words, check=True, capture_output=True)
    whole.write_text(whole.read_text() + key.read_text())
    return whole


class TlsFront:
    """Passes on what comes over TLS, from `with` to the end of the block.

    Attributes:
        host: as OLLAMA_HOST has it.
        hung_up_s: when each client hung up.
    """

    def __init__(self, port: int, certificate: Path) -> None:
        self._port = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.host = f"https://localhost:{self._listener.getsockname()[1]}"
        self.hung_up_s: list[float] = []

    def __enter__(self) -> Self:
        self._run(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
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
            socket.create_connection(("127.0.0.1", self._port)) as server,
        ):
            back = threading.Thread(target=self._back, args=(server, secure))
            back.start()
            with suppress(OSError):
                while data := secure.recv(65536):
                    server.sendall(data)
            self.hung_up_s.append(time.monotonic())
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _back(self, server: socket.socket, secure: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                secure.sendall(data)
            socket.socket.shutdown(secure, socket.SHUT_WR)


def port_of(server: ScriptedOllama) -> int:
    return int(server.host.rpartition(":")[2])


def test_a_server_is_reached_over_tls(
    exchange: Any, ollama: ScriptedOllama, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with TlsFront(port_of(ollama), certificate) as front:
        assert list(exchange(front.host, body=ASKED).batches())


def test_a_certificate_that_nobody_vouches_for_is_refused(
    exchange: Any, model_error: Any, ollama: ScriptedOllama, certificate: Path
):
    with (
        TlsFront(port_of(ollama), certificate) as front,
        pytest.raises(model_error, match="certificate that cannot be verified"),
    ):
        list(exchange(front.host, body=ASKED).batches())
    assert ollama.requests == []


def test_plain_http_where_https_is_expected_is_a_sentence(
    exchange: Any, model_error: Any, ollama: ScriptedOllama
):
    with pytest.raises(model_error, match="does not speak https"):
        list(exchange(f"https://{ollama.host}", body=ASKED).batches())


@pytest.mark.parametrize(
    "answer", [Answer("late", schedule=Schedule(first_s=60)), Answer("word ", endless=True)]
)
def test_a_request_over_tls_is_closed_at_once_too(
    exchange: Any, model_error: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with ScriptedOllama(answer) as server, TlsFront(port_of(server), certificate) as front:
        request = exchange(front.host, body=ASKED)
        caught: list[BaseException] = []

        def read() -> None:
            try:
                for _ in request.batches():
                    pass
            except model_error as error:
                caught.append(error)

        reading = threading.Thread(target=read)
        reading.start()
        server.wait_requests(1)
        closed_s = time.monotonic()
        request.close()
        reading.join(5)
        assert server.requests[0].wait_closed(5)
    assert caught
    assert front.hung_up_s[0] - closed_s < 0.3
