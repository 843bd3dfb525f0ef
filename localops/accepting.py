"""Take connections, also while the system has no file or memory left for one more.

Then those that come wait until others end; a person is told once in a while, and nothing ends over it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

# What a process or a machine can run out of. Source: accept(2).
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_TRY_AGAIN_S = 0.2
_TELL_AGAIN_S = 60.0

_log = logging.getLogger("localops.accepting")


class _Notice:
    """Reports once in a while that connections have to wait."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._told_s = -_TELL_AGAIN_S

    def report(self, error: OSError) -> None:
        now = time.monotonic()
        if now - self._told_s >= _TELL_AGAIN_S:
            self._told_s = now
            reason = os.strerror(error.errno) if error.errno else error
            _log.warning("%s: connections have to wait until others end: %s", self._title, reason)


async def connections(listener: socket.socket, title: str) -> AsyncIterator[socket.socket]:
    """Yield each connection to a listening socket that does not block, forever.

    Args:
        title: whose connections they are, for the sentence when they have to wait.
    """
    notice = _Notice(title)
    while True:
        try:
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        except ConnectionAbortedError:
            continue  # who connected has left
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            notice.report(error)
            await asyncio.sleep(_TRY_AGAIN_S)
        else:
            yield connection


def report_exhaustion_once(loop: asyncio.AbstractEventLoop, title: str) -> None:
    """Keep the servers of an event loop from a traceback for each try to take one more connection.

    asyncio tries again by itself, but reports each try to the loop's handler of exceptions, and in its inner
    loop a thousand times a second. All else goes to the loop's own handler.
    """
    notice = _Notice(title)

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if "socket" in context and isinstance(error, OSError) and error.errno in _EXHAUSTED:
            notice.report(error)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
