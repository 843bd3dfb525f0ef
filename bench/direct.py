"""A reader with nothing between it and the action: what takes time there is the action's alone."""

from __future__ import annotations

import socket
from typing import Self

from bench.worker import DEADLINE_S

_HOST = "127.0.0.1"
READ_BYTES = 65536


class DirectReader:
    """Stands where the streamer stands, for one call after another.

    Attributes:
        arguments: STREAM_HOST and STREAM_PORT.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server((_HOST, 0))
        self._listener.settimeout(DEADLINE_S)
        self.arguments = {"STREAM_HOST": _HOST, "STREAM_PORT": str(self._listener.getsockname()[1])}

    def accept(self) -> socket.socket:
        """Wait for the action to connect."""
        connection, _ = self._listener.accept()
        connection.settimeout(DEADLINE_S)
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
