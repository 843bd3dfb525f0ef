"""The connection to the streamer, behind which somebody reads the reply."""

import math
import socket
import time
from collections.abc import Mapping
from typing import Any

# 2 ms between messages is enough for an idle streamer, 20 ms is not for a busy one; 50 ms always was.
GAP_S = 0.05
CONNECT_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 10.0
# Small, so that a reader who reads no more is noticed after kilobytes, not megabytes.
SEND_BUFFER_BYTES = 16_384


UNREACHABLE = "The streamer at STREAM_HOST and STREAM_PORT cannot be reached: open the chat again."


class Unreachable(Exception):
    """There is no streamer at STREAM_HOST and STREAM_PORT; the text says so."""


class Reader:
    """Sends one message at a time, GAP_S apart, without ever waiting.

    Attributes:
        unsent: what the socket has not taken yet of the message under way.
        due_at: when the next message may go, on the monotonic clock.
        give_up_at: when a message under way has waited too long.
    """

    def __init__(self, stream: socket.socket) -> None:
        self.unsent = b""
        self.due_at = 0.0
        self.give_up_at = math.inf
        self._stream = stream

    def fileno(self) -> int:
        return self._stream.fileno()

    def close(self) -> None:
        self._stream.close()

    def send(self, message: bytes) -> None:
        """Send a message, or what the socket takes of it; call only when nothing is unsent.

        Raises:
            OSError: the reader left.
        """
        self.unsent = message
        self.give_up_at = time.monotonic() + SEND_TIMEOUT_S
        self.send_more()

    def send_more(self) -> None:
        """Send as much of the message under way as the socket takes.

        Raises:
            OSError: the reader left.
        """
        try:
            self.unsent = self.unsent[self._stream.send(self.unsent) :]
        except BlockingIOError:
            return
        self.due_at = time.monotonic() + GAP_S

    def has_left(self) -> bool:
        """Return whether the reader hung up, when the socket is readable; what else it says is ignored."""
        try:
            return not self._stream.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True


def connect(args: Mapping[str, Any]) -> Reader | None:
    """Connect to STREAM_HOST and STREAM_PORT; None without a STREAM_HOST.

    Raises:
        Unreachable: nobody listens there, or they are not a host and a port.
    """
    if not args.get("STREAM_HOST"):
        return None
    try:
        address = (str(args["STREAM_HOST"]), int(args.get("STREAM_PORT") or 0))
        stream = socket.create_connection(address, CONNECT_TIMEOUT_S)
    except (OSError, ValueError, TypeError, OverflowError) as error:
        raise Unreachable(UNREACHABLE) from error
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    stream.setblocking(False)
    return Reader(stream)
