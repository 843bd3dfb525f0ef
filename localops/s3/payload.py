"""The bytes of a request: unwrapped from `aws-chunked`, and checked against all that the client says of them.

Source: Amazon S3 API reference, "Signature calculations for chunked uploads", "Checking object integrity".
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Protocol

from starlette.datastructures import Headers

from localops.s3.errors import S3Error
from localops.s3.signature_v4 import sha256
from localops.s3.signed_message import Caller, check, decoded_base64

CHUNKED = "STREAMING-"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CHECKSUM = "x-amz-checksum-"
CHECKSUM_SIZES = {"crc32": 4, "sha1": 20, "sha256": 32}
# Python has no fast code for these, and no client sends them unless it is told to.
UNKNOWN_CHECKSUMS = ("crc32c", "crc64nvme")
LONGEST_LINE = 1024
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
EMPTY_SHA256 = sha256("")


class Hash(Protocol):
    """What all checksums here can do."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    """zlib's CRC32 in the shape of the hashes of hashlib."""

    def __init__(self) -> None:
        self.value = 0

    def update(self, data: bytes) -> None:
        self.value = zlib.crc32(data, self.value)

    def digest(self) -> bytes:
        return self.value.to_bytes(4, "big")


class ChunkedBody:
    """Takes `aws-chunked` framing off a body, and checks the signature of each chunk where there is one."""

    def __init__(self, caller: Caller) -> None:
        self.key = caller.key if caller.payload.startswith(SIGNED_CHUNKS) else None
        self.signature = caller.signature
        self.buffer = bytearray()
        self.trailers: dict[str, str] = {}
        self.ended = False
        self.wanted = 0
        self.parse = self.read_size

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes of the object that are whole now."""
        self.buffer += data
        while not self.ended:
            piece = self.parse()
            if piece is None:
                return
            yield piece

    def read_size(self) -> bytes | None:
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
            self.end_chunk()
        self.parse = self.read_data if self.wanted else self.read_trailer
        return b""

    def read_data(self) -> bytes | None:
        if not self.buffer:
            return None
        piece = bytes(self.buffer[: self.wanted])
        del self.buffer[: self.wanted]
        self.wanted -= len(piece)
        self.digest.update(piece)
        if self.wanted == 0:
            self.end_chunk()
            self.parse = self.read_end
        return piece

    def read_end(self) -> bytes | None:
        line = self.line()
        if line is None:
            return None
        if line:
            raise S3Error("InvalidRequest", "The framing of the chunks is malformed.")
        self.parse = self.read_size
        return b""

    def read_trailer(self) -> bytes | None:
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
            if len(self.buffer) > LONGEST_LINE:
                raise S3Error("InvalidRequest", "The framing of the chunks is malformed.")
            return None
        line = self.buffer[:end].decode("latin-1").removesuffix("\r")
        del self.buffer[: end + 1]
        return line

    def end_chunk(self) -> None:
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


class Payload:
    """The body of a request, to be iterated once and then checked.

    Args:
        parts: the body as it arrives.
        caller: who sends it, and what the signature says of it.
    """

    def __init__(self, headers: Headers, parts: AsyncIterator[bytes], caller: Caller) -> None:
        self.headers = headers
        self.parts = parts
        self.caller = caller
        self.size = 0
        self.checksums: dict[str, str] = {}
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.chunked = ChunkedBody(caller) if caller.payload.startswith(CHUNKED) else None
        self.hashes: dict[str, Hash] = {name: new_hash(name) for name in self.announced()}
        if SHA256_HEX.fullmatch(caller.payload):
            self.hashes.setdefault("sha256", hashlib.sha256())

    def announced(self) -> list[str]:
        """The checksums that stand in the headers or will stand in the trailers."""
        trailers = [name.strip() for name in self.headers.get("x-amz-trailer", "").lower().split(",")]
        names = [*self.headers.keys(), *trailers]
        kinds = [name.removeprefix(CHECKSUM) for name in names if name.startswith(CHECKSUM)]
        for kind in kinds:
            if kind in UNKNOWN_CHECKSUMS:
                raise S3Error(
                    "NotImplemented", f"localops does not check {kind.upper()}; use CRC32 or SHA256."
                )
        return [kind for kind in kinds if kind in CHECKSUM_SIZES]

    def announced_size(self) -> int:
        """How many bytes the object has.

        Raises:
            S3Error: the client does not say so; S3 takes no body of unknown length.
        """
        name = "x-amz-decoded-content-length" if self.chunked else "content-length"
        text = self.headers.get(name, "")
        if not text.isdigit():
            raise S3Error("MissingContentLength")
        return int(text)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the object's bytes; hash each piece with `take` before it is stored."""
        async for part in self.parts:
            for piece in self.chunked.feed(part) if self.chunked else (part,):
                if piece:
                    yield piece

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        self.md5.update(piece)
        for each in self.hashes.values():
            each.update(piece)

    def finish(self) -> None:
        """Check everything that the client said of the body, and keep what it said in `checksums`.

        Raises:
            S3Error: the bytes are not what the client says.
        """
        if self.chunked:
            self.chunked.finish()
            if self.size != self.announced_size():
                raise S3Error("IncompleteBody")
        self.check_md5()
        if (
            SHA256_HEX.fullmatch(self.caller.payload)
            and self.hashes["sha256"].digest().hex() != self.caller.payload
        ):
            raise S3Error("XAmzContentSHA256Mismatch")
        trailers = self.chunked.trailers if self.chunked else {}
        self.checksums = self.checked_checksums({**self.headers, **trailers})

    def check_md5(self) -> None:
        given = self.headers.get("content-md5")
        if given is None:
            return
        digest = decoded_base64(given, self.md5.digest_size)
        if digest is None:
            raise S3Error("InvalidDigest")
        if digest != self.md5.digest():
            raise S3Error("BadDigest")

    def checked_checksums(self, said: Mapping[str, str]) -> dict[str, str]:
        found = {
            f"{CHECKSUM}{kind}": base64.b64encode(self.hashes[kind].digest()).decode() for kind in self.hashes
        }
        kept = {name: value for name, value in found.items() if name in said}
        for name, value in kept.items():
            if said[name] != value:
                raise S3Error("BadDigest", f"The header {name} does not match the bytes that arrived.")
        return kept


def new_hash(kind: str) -> Hash:
    return Crc32() if kind == "crc32" else hashlib.new(kind, usedforsecurity=False)
