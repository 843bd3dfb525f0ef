"""The client for Redis, against a real one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_S, ended


@pytest.fixture
def store(shared: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda url: shared("redis_store").redis_store({"REDIS_URL": url})


@pytest.fixture
def store_error(shared: Callable[[str], Any]) -> type[Exception]:
    return shared("redis_store").StoreError


def test_commands_give_their_answers(store: Any, redis_server: Any):
    with store(redis_server.args["REDIS_URL"]) as redis:
        assert redis.do("SET", "test:key", "è€\r\n\U0001f600", "EX", 60) == "OK"
        assert redis.do("GET", "test:key") == "è€\r\n\U0001f600"
        assert redis.do("DEL", "test:key") == 1
        assert redis.do("DEL", "test:key") == 0
        assert redis.do("GET", "test:key") is None
        assert redis.do("RPUSH", "test:list", "a", "", "b" * 100_000) == 3
        assert redis.do("LRANGE", "test:list", 0, -1) == ["a", "", "b" * 100_000]
        assert redis.do("LRANGE", "test:none", 0, -1) == []
        redis.do("DEL", "test:list")


def test_a_numbered_database_is_one_of_its_own(store: Any, redis_server: Any):
    url = redis_server.args["REDIS_URL"]
    with store(f"{url}/5") as redis:
        redis.do("SET", "test:only-in-5", "x", "EX", 60)
    with store(url) as redis:
        assert redis.do("GET", "test:only-in-5") is None


def test_a_socket_file_is_an_address_too(store: Any, redis_server: Any):
    with store(f"unix://:p%40ss%3Aw%2Frd@{redis_server.socket_path}") as redis:
        assert redis.do("PING") == "PONG"


def test_redis_is_reached_over_tls(
    store: Any, redis_server: Any, tls_front: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        tls_front(redis_server.port) as front,
        store(f"rediss://:p%40ss%3Aw%2Frd@localhost:{front.port}") as redis,
    ):
        assert redis.do("PING") == "PONG"


def test_a_redis_that_nobody_vouches_for_is_not_told_the_password(
    store: Any, store_error: Any, redis_server: Any, tls_front: Any
):
    with (
        tls_front(redis_server.port) as front,
        pytest.raises(store_error, match="Redis has a certificate that cannot be verified"),
        store(f"rediss://:canary@localhost:{front.port}") as redis,
    ):
        redis.do("PING")


def test_no_url_is_no_store(store: Any):
    with store("") as redis:
        assert redis is None


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "http://127.0.0.1",
        "canary",
        "redis://127.0.0.1:x",
        "redis://canary@127.0.0.1:99999",
        "unix:///no/such",
    ],
)
def test_an_unusable_url_is_one_error_without_the_url(store: Any, store_error: Any, url: str):
    with pytest.raises(store_error) as caught, store(url):
        pytest.fail("it was opened")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("login", ["", ":canary-secret@", "canary:canary-secret@"])
def test_a_wrong_password_is_an_error_without_the_password(
    store: Any, store_error: Any, redis_server: Any, login: str
):
    with (
        pytest.raises(store_error, match="Redis refuses") as caught,
        store(f"redis://{login}127.0.0.1:{redis_server.port}") as redis,
    ):
        redis.do("GET", "x")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("said", [b"", b"+OK", b"$100\r\nab", b"*2\r\n:1\r\n", b"?\r\n", b":x\r\n"])
def test_an_answer_that_is_none_is_an_error(store: Any, store_error: Any, said: bytes):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            listener.settimeout(PATIENCE_S)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE_S)
                connection.recv(1000)
                connection.sendall(said)

        serving = threading.Thread(target=serve)
        serving.start()
        with (
            pytest.raises(store_error),
            store(f"redis://127.0.0.1:{listener.getsockname()[1]}") as redis,
        ):
            redis.do("PING")
        ended(serving)


def test_a_server_that_is_silent_is_an_error(store: Any, store_error: Any):
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(store_error, match=r"Redis does not answer \(timed out\)"),
        store(f"redis://127.0.0.1:{listener.getsockname()[1]}") as redis,
    ):
        redis.do("PING")
