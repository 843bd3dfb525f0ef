"""Bodies in `aws-chunked` framing, whose chunks and trailers may each be signed.

Source: Amazon S3 API reference, "Signature calculations for chunked uploads".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from localops.s3.errors import S3Error
from localops.s3.signature_v4 import sha256
from localops.s3.signed_message import Caller, check

_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_MAX_LINE_BYTES = 1024
EMPTY_SHA256 = sha256("")


class ChunkedBody:
    """Takes `aws-chunked` framing off a body, and checks the signature of each chunk where there is one."""

    def __init__(self, caller: Caller) -> None:
        self.key = caller.key if caller.payload.startswith(_SIGNED_CHUNKS) else None
        self.signature = caller.signature
        self.buffer = bytearray()
        self.trailers: dict[str, str] = {}
        self.ended = False
        self.wanted = 0
        self.parse = self._read_size

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes of the object that are whole now."""
        self.buffer += data
        while not self.ended:
            piece = self.parse()
            if piece is None:
                return
            yield piece

    def _read_size(self) -> bytes | None:
        line = self.line()
        if line is None:
            return None
        size, _, extension = line.partition(";")
        if not re.fullmatch(r"[0-9a-fA-F]{1,16}", size):
            raise S3Error("InvalidRequest", "The framing of the chunks is malformed.")
        self.given = extension.strip().removeprefix("chunk-signature=")
        self.wanted = int(size, 16)
        self.digest = hashlib.sha256()
        if self.wanted == 0:
            self._end_chunk()
        self.parse = self._read_data if self.wanted else self._read_trailer
        return b""

    def _read_data(self) -> bytes | None:
        if not self.buffer:
            return None
        piece = bytes(self.buffer[: self.wanted])
        del self.buffer[: self.wanted]
        self.wanted -= len(piece)
        self.digest.update(piece)
        if self.wanted == 0:
            self._end_chunk()
            self.parse = self._read_end
        return piece

    def _read_end(self) -> bytes | None:
        line = self.line()
        if line is None:
            return None
        if line:
            raise S3Error("InvalidRequest", "The framing of the chunks is malformed.")
        self.parse = self._read_size
        return b""

    def _read_trailer(self) -> bytes | None:
        line = self.line()
        if line is None:
            return None
        name, _, value = line.partition(":")
        if name:
            self.trailers[name.lower()] = value.strip()
        else:
            self.ended = True
        return b""

    def line(self) -> str | None:
        end = self.buffer.find(b"\n")
        if end < 0:
            if len(self.buffer) > _MAX_LINE_BYTES:
                raise S3Error("InvalidRequest", "The framing of the chunks is malformed.")
            return None
        line = self.buffer[:end].decode("latin-1").removesuffix("\r")
        del self.buffer[: end + 1]
        return line

    def _end_chunk(self) -> None:
        """Check the signature of the chunk; each continues the one before."""
        if self.key is None:
            return
        digest = self.digest.hexdigest()
        expected = self.key.sign("AWS4-HMAC-SHA256-PAYLOAD", self.signature, EMPTY_SHA256, digest)
        check(expected, self.given)
        self.signature = expected

    def finish(self) -> None:
        """Raise S3Error when the body ended early or the signature of its trailers is wrong."""
        if not self.ended:
            raise S3Error("IncompleteBody")
        given = self.trailers.pop("x-amz-trailer-signature", None)
        if self.key is not None and (self.trailers or given is not None):
            text = "".join(f"{name}:{value}\n" for name, value in self.trailers.items())
            check(self.key.sign("AWS4-HMAC-SHA256-TRAILER", self.signature, sha256(text)), given or "")
