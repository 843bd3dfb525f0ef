"""The relay that behaves as production does."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from waiting import PATIENCE_S

from bench.relay import Relayed, RelayProcess


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with RelayProcess() as process:
        yield process


def relayed(relay: RelayProcess, sent: bytes) -> tuple[bytes, Relayed]:
    """Give what a reader gets of what an action sends at once."""
    with relay.connect() as reader:
        address = (relay.arguments["STREAM_HOST"], int(relay.arguments["STREAM_PORT"]))
        reader.settimeout(PATIENCE_S)
        with socket.create_connection(address, PATIENCE_S) as action:
            action.sendall(sent)
        data = b"".join(iter(lambda: reader.recv(65536), b""))
    return data, relay.relayed()


def test_a_read_is_followed_by_a_newline(relay: RelayProcess):
    assert relayed(relay, b'{"output": "x"}')[0] == b'{"output": "x"}\n'


def test_reads_that_follow_each_other_at_once_overwrite_what_is_not_written(relay: RelayProcess):
    data, told = relayed(relay, b"A" * 2048 + b"B" * 2048 + b"end")
    assert data == b"B" * 2048 + b"\n" + b"end" + b"B" * 2045 + b"\n" + b"end\n"
    assert (told.reads, told.read_bytes) == (3, 4099)


def test_one_stream_follows_another(relay: RelayProcess):
    assert [relayed(relay, text)[0] for text in (b"one", b"", b"two")] == [b"one\n", b"", b"two\n"]
