"""The request to the model server: its patience, its end, TLS."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from deaf_hosts import deaf_host
from scripted_ollama import Answer, Schedule, ScriptedOllama, Stall
from waiting import eventually

ASKED = {"model": "llama3.1:8b", "prompt": "x"}
DEADLINE_S = 20
# As /proc/net/tcp writes the state of a connection.
SYN_SENT = "02"


@pytest.fixture
def exchange(shared: Callable[[str], Any]) -> Callable[..., Any]:
    def make(host: str, path: str = "/api/generate", body: Any = None, **patience: float) -> Any:
        found = shared("providers.ollama.host").ollama_host({"OLLAMA_HOST": host})
        ollama = shared("providers.ollama.provider").Ollama(found, "llama3.1:8b")
        exchange = shared("providers.exchange")
        request = shared("providers.provider").Request(path, body)
        return exchange.Exchange(ollama, request, exchange.Patience(**patience))

    return make


@pytest.fixture
def model_error(shared: Callable[[str], Any]) -> type[Exception]:
    return shared("providers.errors").ModelError


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
        list(exchange(server.host, body=ASKED, first_s=0.2).batches())


def test_silence_in_the_middle_has_a_limit_of_its_own(exchange: Any, model_error: Any):
    answer = Answer("one two", schedule=Schedule(first_s=0.5), faults=(Stall(after=1),))
    with ScriptedOllama(answer) as server:
        reading = exchange(server.host, body=ASKED, first_s=DEADLINE_S, stall_s=0.2)
        batches = reading.batches()
        next(batches)
        reading.has_said()
        with pytest.raises(model_error, match=r"silent for 0.2 s in the middle of its answer"):
            next(batches)


def test_a_slow_reader_is_not_the_silence_of_the_server(exchange: Any):
    with ScriptedOllama(Answer("one two three", schedule=Schedule(tokens_per_s=5))) as server:
        reading = exchange(server.host, body=ASKED, first_s=DEADLINE_S, stall_s=1)
        batches = reading.batches()
        lines = next(batches)
        reading.has_said()
        # Longer than the server may be silent, which by now has said all.
        threading.Event().wait(1.5)
        lines += [line for batch in batches for line in batch]
    assert len(lines) == 4


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
        assert server.requests[0].wait_closed(DEADLINE_S)


def port_of(server: ScriptedOllama) -> int:
    return int(server.host.rpartition(":")[2])


def test_a_server_is_reached_over_tls(
    exchange: Any, ollama: ScriptedOllama, tls_front: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with tls_front(port_of(ollama)) as front:
        assert list(exchange(front.host, body=ASKED).batches())


def test_a_certificate_that_nobody_vouches_for_is_refused(
    exchange: Any, model_error: Any, ollama: ScriptedOllama, tls_front: Any
):
    with (
        tls_front(port_of(ollama)) as front,
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
def test_a_request_over_tls_can_be_closed_too(
    exchange: Any,
    model_error: Any,
    tls_front: Any,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with ScriptedOllama(answer) as server, tls_front(port_of(server)) as front:
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
        server.wait_requests(1, DEADLINE_S)
        request.close()
        reading.join(DEADLINE_S)
        assert not reading.is_alive()
        assert server.requests[0].wait_closed(DEADLINE_S)
    assert caught


def test_a_handshake_that_hangs_ends_at_once_when_it_is_closed(exchange: Any, shared: Any):
    with socket.create_server(("127.0.0.1", 0)) as deaf, ThreadPoolExecutor() as readers:
        deaf.settimeout(DEADLINE_S)
        hanging = exchange(f"https://127.0.0.1:{deaf.getsockname()[1]}", connect_s=10 * DEADLINE_S)
        reading = readers.submit(lambda: list(hanging.batches()))
        with deaf.accept()[0] as connection:
            connection.settimeout(DEADLINE_S)
            assert connection.recv(1)  # its part of the handshake
            hanging.close()
            with pytest.raises(shared("providers.errors").Closed):
                reading.result(DEADLINE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which connections wait")
def test_a_connection_that_hangs_ends_at_once_when_it_is_closed(exchange: Any, shared: Any):
    with deaf_host() as host, ThreadPoolExecutor() as readers:
        others = connecting(host)
        # Of the closing, not of this patience, the connection ends.
        hanging = exchange(host, body=ASKED, connect_s=10 * DEADLINE_S)
        reading = readers.submit(lambda: list(hanging.batches()))
        assert eventually(lambda: connecting(host) > others, DEADLINE_S)
        hanging.close()
        with pytest.raises(shared("providers.errors").Closed):
            reading.result(DEADLINE_S)


def connecting(host: str) -> int:
    """Return how many connections to a port of this machine wait for the answer to their first packet."""
    port = f"{int(host.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port}") and row[3] == SYN_SENT for row in rows)
