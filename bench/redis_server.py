"""A Redis of its own for a benchmark: on a socket file, keeping nothing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from bench.errors import BenchError
from bench.worker import DEADLINE_S

_READY = b"eady to accept connections"  # "Ready" since version 7, "ready" before


class RedisServer:
    """A Redis from `with` to the end of the block.

    Attributes:
        url: as REDIS_URL has it.

    Raises:
        BenchError: it is not installed, or does not start.
    """

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise BenchError("redis-server is not installed: install Debian's package of that name")
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "redis"
        self.url = f"unix://{path}"
        self._process = subprocess.Popen(  # noqa: S603 - the machine's own
            [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", self._folder.name],
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        assert self._process.stdout is not None  # noqa: S101 - a pipe, see above
        said = b""
        for line in self._process.stdout:
            said += line
            if _READY in line:
                return self
        self.close()
        raise BenchError(f"redis-server does not start: {said.decode(errors='replace').strip()[-300:]}")

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it and remove its folder."""
        assert self._process.stdout is not None  # noqa: S101
        self._process.terminate()
        self._process.wait(DEADLINE_S)
        self._process.stdout.close()
        self._folder.cleanup()
