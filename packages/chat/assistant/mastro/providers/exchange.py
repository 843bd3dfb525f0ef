"""Ask a model server over HTTP, with a request that any thread can end at any moment.

Made on http.client because `requests` keeps its socket to itself until the first byte has come: a request
that waits for a loading model could not be closed. It also loads in a third of the time.
"""

import http.client
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple

from .chunked import READ_BYTES, dechunked
from .errors import Closed, ModelError
from .failures import broken_off, endless_line, not_json, silent, unreachable
from .provider import Provider, Request

# Ollama's own client reads lines up to this; the longest in practice is the last one with its `context`.
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_REFUSAL_BYTES = 65_536
REFUSAL_TIMEOUT_S = 2.0
CLOSED = "The request was closed before it was sent."
ENDED = "The request was ended."
BEFORE, WITHIN = "before its answer", "in the middle of its answer"
# SO_LINGER: on, for no time.
RESET_ON_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Patience(NamedTuple):
    """How long a server may be silent.

    Attributes:
        connect_s: until it takes the connection, whatever addresses its name has.
        first_s: then until its answer begins; a model that loads, or serves others first, takes minutes.
        stall_s: between two parts of an answer that has begun.
    """

    connect_s: float = 10.0
    first_s: float = 240.0
    stall_s: float = 60.0


class Exchange:
    """One request to a model server.

    The thread that reads is blocked in the kernel most of the time; `close`, from any other thread, shuts
    the socket, which wakes it at once, whether it connects, waits or reads.
    """

    def __init__(self, provider: Provider, request: Request, patience: Patience | None = None) -> None:
        """Prepare the request; it is sent when the answer is read."""
        self._provider = provider
        self._server = provider.server
        self._request = request
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._closed = False
        self._has_begun = self._has_spoken = False
        self._silent_s = self._patience.first_s
        self._due_at = self._left_at = 0.0

    def close(self) -> None:
        """End the request in whatever phase it is; the reading thread then gets Closed."""
        with self._lock:
            self._closed = True
            held = self._socket
        if held is not None:
            with suppress(OSError):  # the other side, or the reading thread, was faster
                # A server whose send buffer is full looks for an orderly end only seconds later, if at all.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                # The plain socket's shutdown: a TLS socket's own is not safe beside a read in another thread.
                socket.socket.shutdown(held, socket.SHUT_RDWR)

    def has_said(self, patience_s: float | None = None) -> None:
        """Note that the answer has got on; only then is the server's silence counted anew.

        Comments that keep a connection open do not belong to an answer.

        Args:
            patience_s: how long it may be silent now; None for as long as between any two parts.
        """
        self._has_spoken = True
        self._silent_s = self._patience.stall_s if patience_s is None else patience_s
        self._left_at = time.monotonic()
        self._due_at = self._left_at + self._silent_s

    def batches(self) -> Generator[list[bytes]]:
        """Send the request and yield the answer's lines, those that arrived together in one list.

        Raises:
            Closed: it was ended from this side.
            ModelError: no connection, a refusal, silence for too long, or an end inside the body.
        """
        begun = b""
        try:
            with closing(self._open()) as response, self._errors():
                for data in self._body(response):
                    *lines, begun = (begun + data).split(b"\n")
                    if lines:
                        yield lines
                    elif len(begun) > MAX_LINE_BYTES:
                        raise endless_line(self._server)
            if begun:
                yield [begun]
        finally:
            if self._socket is not None:
                self._socket.close()

    def document(self) -> Any:
        """Send the request and return its whole JSON answer.

        Raises:
            ModelError: as `batches`, or the answer is not JSON.
        """
        text = b"\n".join(line for lines in self.batches() for line in lines)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise not_json(self._server) from error

    def _open(self) -> http.client.HTTPResponse:
        if self._server.scheme == "https":
            connection = http.client.HTTPSConnection(self._server.name, self._server.port, context=_tls())
        else:
            connection = http.client.HTTPConnection(self._server.name, self._server.port)
        # http.client forgets the socket of an answer after which the server hangs up.
        connection.sock = stream = self._connect()
        body = None if self._request.body is None else json.dumps(self._request.body).encode()
        self._left_at = time.monotonic()
        self._due_at = self._left_at + self._silent_s
        with self._errors():
            stream.settimeout(self._silent_s)
            headers = {"Content-Type": "application/json", **self._server.headers}
            path = self._server.path + self._request.path
            connection.request("GET" if body is None else "POST", path, body, headers)
            response = connection.getresponse()
        if response.status != http.client.OK:
            with closing(response):
                raise self._refusal(response, stream)
        self._has_begun = True
        return response

    def _body(self, response: http.client.HTTPResponse) -> Generator[bytes]:
        if response.chunked:
            yield from dechunked(lambda size: self._in_time(response.fp.read1, size))
        else:
            while data := self._in_time(response.read1, READ_BYTES):
                yield data

    def _in_time(self, read: Callable[[int], bytes], size: int) -> bytes:
        # Whoever reads took this long for what came before, and the server is not to blame for it.
        now = time.monotonic()
        self._due_at += now - self._left_at
        if now >= self._due_at:
            raise TimeoutError
        if self._socket is not None:
            self._socket.settimeout(self._due_at - now)
        data = read(size)
        self._left_at = time.monotonic()
        return data

    def _connect(self) -> socket.socket:
        name, port = self._server.name, self._server.port
        due_at = time.monotonic() + self._patience.connect_s
        try:
            stream = self._reach(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM), due_at)
            # http.client sends head and body apart; without this the body waits for an acknowledgement.
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._server.scheme == "https":
                secure = _tls().wrap_socket(stream, server_hostname=name, do_handshake_on_connect=False)
                stream = self._hold(secure)
                secure.settimeout(max(0.001, due_at - time.monotonic()))
                secure.do_handshake()
        except OSError as error:
            if self._closed:
                raise Closed(ENDED) from error
            raise unreachable(self._server, error) from error
        return stream

    def _reach(self, addresses: list[Any], due_at: float) -> socket.socket:
        """Connect to the first address that answers; the time is shared by those that are left."""
        failure: OSError = TimeoutError()
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            # Held before it connects, so that `close` can wake a connection that hangs.
            stream = self._hold(socket.socket(family, kind, protocol))
            left_s = (due_at - time.monotonic()) / (len(addresses) - place)
            try:
                stream.settimeout(max(0.001, left_s))
                stream.connect(address)
            except OSError as error:
                stream.close()
                failure = error
                if self._closed:
                    break
            else:
                return stream
        raise failure

    def _hold(self, stream: socket.socket) -> socket.socket:
        """Keep the socket where `close` finds it; one that comes too late for that is closed here."""
        with self._lock:
            if not self._closed:
                self._socket = stream
                return stream
        stream.close()
        raise Closed(CLOSED)

    def _refusal(self, response: http.client.HTTPResponse, stream: socket.socket) -> ModelError:
        stream.settimeout(REFUSAL_TIMEOUT_S)
        body = b""
        with suppress(OSError, http.client.HTTPException):  # the status alone says enough
            body = response.read(MAX_REFUSAL_BYTES)
        if self._closed:
            return Closed(ENDED)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return self._provider.refused(self._request, response.status, headers, body)

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._closed:
                raise Closed(ENDED) from error
            if isinstance(error, TimeoutError):
                when = WITHIN if self._has_spoken else BEFORE
                raise silent(self._server, when, self._silent_s) from error
            raise broken_off(self._server, WITHIN if self._has_begun else BEFORE) from error


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if not (places.cafile or places.capath):
        # A system without certificates of its own; those of `requests` cost a tenth of a second to load.
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
