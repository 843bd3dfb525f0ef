"""uvicorn's HTTP protocol, taught to keep the host that a request line names.

A client that is told to use this server as its proxy asks in absolute form, such as
`GET http://stream.localhost:3233/ HTTP/1.1`, so tools that cannot resolve the names of localops reach them
through HTTP_PROXY. uvicorn drops that host.
Source: RFC 9112, 3.2.2: a server ignores the Host header of such a request and takes the target's host.
"""

from __future__ import annotations

from httptools.parser.url_parser import URL, parse_url
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# uvicorn cannot read the target of CONNECT, a bare host and port; the guard refuses by the method alone.
CONNECT_TARGET = b"/"


class HttpProtocol(HttpToolsProtocol):
    """Puts the host of an absolute-form target into the Host header and its path where paths belong."""

    url: bytes

    def on_headers_complete(self) -> None:
        assert self.parser is not None  # noqa: S101 - it is what calls this
        if self.parser.get_method() == b"CONNECT":
            self.url = CONNECT_TARGET
        elif not self.url.startswith((b"/", b"*")):
            self.use_target(parse_url(self.url))
        super().on_headers_complete()

    def use_target(self, target: URL) -> None:
        host = target.host or b""
        host = b"[%s]" % host if b":" in host else host
        port = b":%d" % target.port if target.port else b""
        # The scope holds this very list.
        self.headers[:] = [pair for pair in self.headers if pair[0] != b"host"] + [(b"host", host + port)]
        self.url = (target.path or b"/") + (b"?" + target.query if target.query else b"")

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a CONNECT is refused with a sentence, any other upgrade goes on as plain HTTP."""
