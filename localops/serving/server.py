"""uvicorn as `up` runs it: says when it can answer, and ends in good time at a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from localops.accepting import report_exhaustion_once
from localops.serving.http_protocol import HttpProtocol

# A stream that is still open when the person stops the server gets this long to end.
_GRACE_S = 1

log = logging.getLogger("localops.up")


class Server(uvicorn.Server):
    """A uvicorn that says when it can answer and leaves the signals to `up`."""

    def __init__(self, server_config: uvicorn.Config, url: str) -> None:
        super().__init__(server_config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"ready {self.url}\n")
        sys.stdout.flush()
        log.info("open it in a browser; %s/_localops shows what the actions do; Ctrl-C ends it", self.url)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


async def serve(app: ASGIApp, sockets: list[socket.socket], url: str) -> None:
    """Answer requests until SIGINT or SIGTERM."""
    _collect_less_garbage()
    server = Server(
        uvicorn.Config(
            app,
            http=HttpProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        ),
        url,
    )
    report_exhaustion_once(asyncio.get_running_loop(), "http")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await server.serve(sockets=sockets)


def _collect_less_garbage() -> None:
    """Keep the collector from walking through all modules time and again while hundreds of streams begin.

    It stops everything meanwhile; what one request leaves behind is freed without it, nearly all.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
