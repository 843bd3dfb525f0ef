"""uvicorn's HTTP protocol, taught to keep the host that a request line names and not to wait forever.

A client that is told to use this server as its proxy asks in absolute form, such as
`GET http://stream.localhost:3233/ HTTP/1.1`, so tools that cannot resolve the names of localops reach them
through HTTP_PROXY. uvicorn drops that host.
Source: RFC 9112, 3.2.2: a server ignores the Host header of such a request and takes the target's host.

uvicorn waits forever for a request that does not come, or comes in part, and takes a head of any size.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from httptools.parser.url_parser import URL, parse_url

from localops.plain_http import PlainHttpProtocol

# uvicorn cannot read the target of CONNECT, a bare host and port; the guard refuses by the method alone.
_CONNECT_TARGET = b"/"
# All of ASCII: only other bytes are written as %XX.
_SAFE_IN_URL = bytes(range(128)).decode()
# A connection has so long to bring the whole head of a request, and so long for each next part of its body.
MAX_HEAD_S = 10.0
MAX_SILENCE_S = 20.0
# A body that comes more slowly than this uses that time up little by little, and is given up at its end.
MIN_BODY_BYTES_PER_S = 500
_TOO_SLOW_HEAD = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n"
)
_TOO_SLOW_TEXT = (
    b"The request came too slowly: send its head at once and its body at 500 bytes a second or more.\n"
)
# What asyncio reads at once is half of it, so that it never holds more than one head of any honest client.
_MAX_HEAD_BYTES = 512 * 1024


class HttpProtocol(PlainHttpProtocol):
    """Puts the host of an absolute-form target into the Host header and its path where paths belong."""

    url: bytes
    # Some of a request has come, but not its whole head.
    _in_head = False
    # The head has come, and not the whole body.
    _in_body = False
    _head_bytes = 0
    _body_deadline_s = 0.0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn's
        super().connection_made(transport)
        self._wait_at_most(MAX_HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_without_end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_body:
            self._wait_without_end()
            self._wait_at_most(self._left_for_body(len(data)))
        elif self._in_head:
            self._head_bytes += len(data)
            self._refuse_endless_head()
            self._wait_at_most(MAX_HEAD_S)
        elif self._is_answering():
            self._wait_without_end()
        else:
            self._wait_at_most(MAX_HEAD_S)

    def _refuse_endless_head(self) -> None:
        if self._head_bytes > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def _left_for_body(self, came_bytes: int) -> float:
        """Return how long the next part of a body may take, now that some bytes of it came."""
        now = self.loop.time()
        earned_s = came_bytes / MIN_BODY_BYTES_PER_S
        self._body_deadline_s = min(now + MAX_SILENCE_S, self._body_deadline_s + earned_s)
        return max(0.0, self._body_deadline_s - now)

    def _wait_at_most(self, seconds: float) -> None:
        """Close the connection then; while it is waited already, that time counts."""
        if self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(seconds, self._lose_patience)

    def _wait_without_end(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self.flow.read_paused or (self._is_answering() and not self._in_body):
            # It is us who do not read, or it is the next request that is late: this one has its answer first.
            self._body_deadline_s = self.loop.time() + MAX_SILENCE_S
            self._wait_at_most(MAX_SILENCE_S)
        else:
            self._say_that_it_is_too_slow()
            self.transport.close()

    def _say_that_it_is_too_slow(self) -> None:
        """Answer 408, unless nothing was asked or the answer has begun."""
        if self._in_head or (self._in_body and not self.cycle.response_started):
            self.transport.write(_TOO_SLOW_HEAD % len(_TOO_SLOW_TEXT) + _TOO_SLOW_TEXT)

    def _is_answering(self) -> bool:
        """Return whether a request has come whose answer is not complete."""
        return bool(self.cycle and not self.cycle.response_complete)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        assert self.parser is not None  # noqa: S101 - it is what calls this
        self._in_head, self._in_body = False, True
        self._body_deadline_s = self.loop.time() + MAX_SILENCE_S
        if self.parser.get_method() == b"CONNECT":
            self.url = _CONNECT_TARGET
        elif not self.url.startswith((b"/", b"*")):
            self._use_target(parse_url(self.url))
        if not self.url.isascii():
            # Clients should have done it; applications take a URL for ASCII.
            self.url = quote(self.url, safe=_SAFE_IN_URL).encode()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False

    def _use_target(self, target: URL) -> None:
        host = target.host or b""
        host = b"[%s]" % host if b":" in host else host
        port = b":%d" % target.port if target.port else b""
        # The scope holds this very list.
        self.headers[:] = [pair for pair in self.headers if pair[0] != b"host"] + [(b"host", host + port)]
        self.url = (target.path or b"/") + (b"?" + target.query if target.query else b"")

    def body_goes_on(self) -> None:
        super().body_goes_on()
        self._in_body = True
