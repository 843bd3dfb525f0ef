"""A server that answers with bytes, whatever it is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from waiting import PATIENCE_S, ended


@contextmanager
def raw_server(said: bytes) -> Iterator[str]:
    """Answer every request with these bytes, and hang up."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE_S)
                while b"\r\n\r\n" not in connection.recv(65536, socket.MSG_PEEK):
                    pass
                connection.recv(65536)
                with_patience(connection, said)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, name="raw server")
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        ended(thread)


def with_patience(connection: socket.socket, said: bytes) -> None:
    """Send, say that this was all, and read what is still there, so that nothing is reset."""
    try:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    except OSError:
        return
