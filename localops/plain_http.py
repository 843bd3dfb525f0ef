"""uvicorn's HTTP protocol, without its loss of the body of a request that offers an upgrade.

Java's and Ktor's clients offer HTTP/2 with their first request (`Connection: Upgrade, HTTP2-Settings`,
`Upgrade: h2c`), and expect an answer in HTTP/1.1 where the server does not take the offer. httptools ends
such a message with its head, whatever its Content-Length says, and uvicorn then drops what follows.
Source: RFC 9110, 7.8: a server may ignore an Upgrade field.
"""

from __future__ import annotations

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_FRAMING = (b"content-length", b"transfer-encoding", b"connection")


class PlainHttpProtocol(HttpToolsProtocol):
    """Answers every request as plain HTTP/1.1, whatever else it offers; a CONNECT has no body."""

    _received = b""

    def data_received(self, data: bytes) -> None:
        self._received = data
        super().data_received(data)

    def body_goes_on(self) -> None:
        """Take back that the message is complete: its body comes yet."""
        self.cycle.more_body = True

    def _unsupported_upgrade_warning(self) -> None:
        # uvicorn calls it from where it catches the offer, which tells how far the parser came.
        offer = sys.exception()
        assert isinstance(offer, httptools.HttpParserUpgrade)  # noqa: S101
        rest = self._received[offer.args[0] :]
        if self.scope["method"] == "CONNECT":
            return
        head = b"".join(b"%s: %s\r\n" % (name, value) for name, value in self.headers if name in _FRAMING)
        if {b"content-length", b"transfer-encoding"} & {name for name, _ in self.headers}:
            self.body_goes_on()
            self.parser = httptools.HttpRequestParser(_AfterHead(self))
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + head + b"\r\n")
        if rest:
            self.data_received(rest)


class _AfterHead:
    """A protocol's callbacks, of which the first head, which it knows, reaches none."""

    def __init__(self, protocol: PlainHttpProtocol) -> None:
        self._protocol = protocol
        self._head_known = True

    def on_message_begin(self) -> None:
        if not self._head_known:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._head_known:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head_known:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._head_known:
            self._protocol.on_headers_complete()
        self._head_known = False

    def on_body(self, body: bytes) -> None:
        self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        self._protocol.on_message_complete()
