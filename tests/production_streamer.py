"""The streamer of Apache OpenServerless itself, for tests that hold this product beside production.

STREAMER_BIN names its binary: `go build` in `src/` of apache/openserverless-streamer. Without it the tests
that need it are left out of the run, see `tests/production/conftest.py`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from types import TracebackType

import httpx
from waiting import PATIENCE_S, eventually

VARIABLE = "STREAMER_BIN"
# One for each call that OpenWhisk answered in a way that the streamer survives.
_SURVIVED = "Received status code"


class ProductionStreamer:
    """Runs the streamer in front of an OpenServerless until the end of the `with` block.

    Args:
        apihost: where it calls web actions.

    Attributes:
        url: where it answers.
        log: every line of its standard error so far.
    """

    def __init__(self, apihost: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log: list[str] = []
        self._process = subprocess.Popen(
            [os.environ[VARIABLE]],
            env={
                "OW_APIHOST": apihost.replace("localhost", "127.0.0.1"),
                "STREAMER_ADDR": "127.0.0.1",
                "HTTP_SERVER_PORT": str(port),
                "CORS_ENABLED": "true",
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self) -> None:
        assert self._process.stderr is not None
        self.log.extend(line.rstrip("\n") for line in self._process.stderr)

    @property
    def lives(self) -> bool:
        """Whether its process has not ended."""
        return self._process.poll() is None

    def survived(self) -> int:
        """Return how many calls OpenWhisk has answered, in a way that did not end it."""
        return sum(_SURVIVED in line for line in self.log)

    def wait_survived(self, count: int) -> None:
        """Wait until so many calls were answered since the start.

        Raises:
            AssertionError: it ended, or so many answers did not come.
        """
        assert eventually(lambda: self.survived() >= count or not self.lives, PATIENCE_S * 2), self._shown(
            f"{count} answers did not come"
        )
        assert self.lives, self._shown("the streamer ended")

    def wait_death(self) -> None:
        """Wait until it has ended.

        Raises:
            AssertionError: it lives on.
        """
        assert eventually(lambda: not self.lives), self._shown("the streamer lives on")
        self._reader.join(PATIENCE_S)

    def _shown(self, what: str) -> str:
        return f"{what}; its log ends:\n" + "\n".join(self.log[-40:])

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url).text == "Streamer proxy running"
        except httpx.TransportError:
            return False

    def __enter__(self) -> ProductionStreamer:
        if not eventually(lambda: self._answers() or not self.lives) or not self.lives:
            self.__exit__(None, None, None)
            raise AssertionError(self._shown("the streamer did not start"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.lives:
            self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self._process.stderr is not None
        self._process.stderr.close()
