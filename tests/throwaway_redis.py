"""A real Redis for a run of tests, which keeps nothing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from child_process import child
from waiting import in_time

READY = b"eady to accept connections"


@dataclass(frozen=True)
class RedisServer:
    """A real Redis.

    Attributes:
        socket_path: where it listens beside its port.
    """

    port: int
    socket_path: Path
    password: str

    @property
    def args(self) -> dict[str, str]:
        """What an action is given to use it."""
        return {
            "REDIS_URL": f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}",
            "REDIS_PREFIX": "test:",
        }


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Start a Redis on a free port, that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("redis-server is not installed, and nothing may be skipped here")
        pytest.skip("redis-server is not installed")
    folder = tmp_path_factory.mktemp("redis")
    for port in free_ports():
        server = RedisServer(port, folder / "socket", "p@ss:w/rd")
        words = [program, "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(server.socket_path)]
        words += ["--requirepass", server.password, "--save", "", "--dir", str(folder)]
        with child(words, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            ready = (READY in line for line in process.stdout)
            if in_time(lambda: any(ready), "the line with which redis-server is ready"):  # noqa: B023 - used at once
                yield server
                return
    pytest.fail("redis-server does not start")


def free_ports() -> Iterator[int]:
    """Give ports that are free now; somebody else may be faster, hence several."""
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        yield int(port)
