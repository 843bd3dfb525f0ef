"""Run a model server as the whole of a process: its socket, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading

from localops.ollama.errors import StartFailure
from localops.ollama.listener import Listener

_ENDING_S = 0.5


def listening_socket(fd: int | None, port: int) -> socket.socket:
    """Return an inherited socket, or a new one on the loopback.

    Raises:
        StartFailure: there is no such socket, or the port is taken.
    """
    if fd is not None:
        try:
            return socket.socket(fileno=fd)
        except OSError as error:
            raise StartFailure(f"--fd {fd} is not an open socket: {error.strerror}") from error
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise StartFailure(f"port {port} is taken; stop the other server or choose another --port") from error


async def serve(listener: Listener, *, ends_with_stdin: bool = False) -> None:
    """Answer until SIGTERM or Ctrl-C.

    Args:
        ends_with_stdin: end at the end of standard input as well; a parent that holds its other side can then
            never leave this process behind. Nothing reads it otherwise: services and containers have none.
    """
    ended = _ending(ends_with_stdin)
    await listener.start()
    await ended.wait()
    _end_by_force_later()
    await listener.close()


def _end_by_force_later() -> None:
    """End the process in half a second if it still runs: nothing interrupts llama.cpp in a long prompt."""
    force = threading.Timer(_ENDING_S, os._exit, (0,))
    force.daemon = True
    force.start()


def _ending(ends_with_stdin: bool) -> asyncio.Event:
    """Return an event that is set when the process is to end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def end_from_thread(*_: object) -> None:
        loop.call_soon_threadsafe(ended.set)

    def wait_for_parent() -> None:
        while os.read(0, 4096):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
        end_from_thread()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_from_thread)
    if ends_with_stdin:
        threading.Thread(target=wait_for_parent, daemon=True).start()
    return ended
