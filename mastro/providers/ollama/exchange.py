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
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from functools import cache
from typing import Any

from ..chunked import READ_BYTES, dechunked
from ..errors import ModelError
from .errors import broken_off, endless_line, not_json, refusal, silent, unreachable
from .host import OllamaHost

CONNECT_TIMEOUT_S = 10.0
# A model that loads, or that serves others first, is silent for minutes; one that has begun is not.
FIRST_BYTE_TIMEOUT_S = 240.0
STALL_TIMEOUT_S = 60.0
REFUSAL_TIMEOUT_S = 2.0
# Ollama's own client reads lines up to this; the longest in practice is the last one with its `context`.
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_REFUSAL_BYTES = 65_536
CLOSED = "The request was closed before it was sent."
# SO_LINGER: on, for no time.
RESET_ON_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Exchange:
    """One request to the model server.

    The thread that reads is blocked in the kernel most of the time; `close`, from any other thread, shuts
    the socket, which wakes it at once, whether it connects, waits or reads.
    """

    def __init__(
        self,
        host: OllamaHost,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        first_byte_s: float = FIRST_BYTE_TIMEOUT_S,
        stall_s: float = STALL_TIMEOUT_S,
    ) -> None:
        """Prepare a POST of `body` as JSON, or a GET without one; it is sent when the answer is read."""
        self._host = host
        self._path = path
        self._body = body
        self._first_byte_s = first_byte_s
        self._stall_s = stall_s
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._closed = False

    def close(self) -> None:
        """End the request in whatever phase it is; the reading thread then gets a ModelError."""
        with self._lock:
            self._closed = True
            held = self._socket
        if held is not None:
            with suppress(OSError):  # the other side, or the reading thread, was faster
                # A server whose send buffer is full looks for an orderly end only seconds later, if at all.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                # The plain socket's shutdown: a TLS socket's own is not safe beside a read in another thread.
                socket.socket.shutdown(held, socket.SHUT_RDWR)

    def batches(self) -> Generator[list[bytes]]:
        """Send the request and yield the answer's lines, those that arrived together in one list.

        Raises:
            ModelError: no connection, a refusal, silence for too long, or an end inside the body.
        """
        begun = b""
        try:
            with (
                closing(self._open()) as response,
                self._errors("in the middle of its answer", self._stall_s),
            ):
                for data in _body(response):
                    *lines, begun = (begun + data).split(b"\n")
                    if lines:
                        yield lines
                    elif len(begun) > MAX_LINE_BYTES:
                        raise endless_line(self._host)
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
        except ValueError as error:
            raise not_json(self._host) from error

    def _open(self) -> http.client.HTTPResponse:
        if self._host.scheme == "https":
            connection = http.client.HTTPSConnection(self._host.name, self._host.port, context=_tls())
        else:
            connection = http.client.HTTPConnection(self._host.name, self._host.port)
        connection.sock = stream = self._connect()
        body = None if self._body is None else json.dumps(self._body).encode()
        with self._errors("before its answer", self._first_byte_s):
            stream.settimeout(self._first_byte_s)
            headers = {"Content-Type": "application/json", **self._host.headers}
            connection.request("GET" if body is None else "POST", self._host.path + self._path, body, headers)
            response = connection.getresponse()
        if response.status != http.client.OK:
            raise self._refusal(response, stream)
        stream.settimeout(self._stall_s)
        return response

    def _connect(self) -> socket.socket:
        if self._closed:
            raise ModelError(CLOSED)
        address = (self._host.name, self._host.port)
        try:
            stream = self._hold(socket.create_connection(address, CONNECT_TIMEOUT_S))
            # http.client sends head and body apart; without this the body waits for an acknowledgement.
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._host.scheme == "https":
                secure = _tls().wrap_socket(
                    stream, server_hostname=self._host.name, do_handshake_on_connect=False
                )
                stream = self._hold(secure)
                secure.do_handshake()
        except OSError as error:
            raise unreachable(self._host, error) from error
        return stream

    def _hold(self, stream: socket.socket) -> socket.socket:
        """Keep the socket where `close` finds it; one that comes too late for that is closed here."""
        with self._lock:
            if not self._closed:
                self._socket = stream
                return stream
        stream.close()
        raise ModelError(CLOSED)

    def _refusal(self, response: http.client.HTTPResponse, stream: socket.socket) -> ModelError:
        stream.settimeout(REFUSAL_TIMEOUT_S)
        body = b""
        with suppress(OSError, http.client.HTTPException):  # the status alone says enough
            body = response.read(MAX_REFUSAL_BYTES)
        return refusal(self._host, str((self._body or {}).get("model", "")), response.status, body)

    @contextmanager
    def _errors(self, when: str, timeout_s: float) -> Generator[None]:
        try:
            yield
        except TimeoutError as error:
            raise silent(self._host, when, timeout_s) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise broken_off(self._host, when) from error


def _body(response: http.client.HTTPResponse) -> Generator[bytes]:
    if response.chunked:
        yield from dechunked(response.fp.read1)
    else:
        while data := response.read1(READ_BYTES):
            yield data


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if not (places.cafile or places.capath):
        # A system without certificates of its own; those of `requests` cost a tenth of a second to load.
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
