"""The bytes of a request, checked against all that the client says of them.

Source: Amazon S3 API reference, "Checking object integrity".
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from starlette.datastructures import Headers

from localops.reading.number import whole_number
from localops.s3.chunked_body import ChunkedBody
from localops.s3.errors import S3Error
from localops.s3.signed_message import Caller, decoded_base64

_CHUNKED = "STREAMING-"
_CHECKSUM = "x-amz-checksum-"
_CHECKSUM_SIZES = {"crc32": 4, "sha1": 20, "sha256": 32}
# Python has no fast code for these, and no client sends them unless it is told to.
_UNKNOWN_CHECKSUMS = ("crc32c", "crc64nvme")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class _Hash(Protocol):
    """Any of the checksums here."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    """zlib's CRC32 in the shape of the hashes of hashlib."""

    def __init__(self) -> None:
        self.value = 0

    def update(self, data: bytes) -> None:
        self.value = zlib.crc32(data, self.value)

    def digest(self) -> bytes:
        return self.value.to_bytes(4, "big")


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
        self.chunked = ChunkedBody(caller) if caller.payload.startswith(_CHUNKED) else None
        self._hashes: dict[str, _Hash] = {name: _new_hash(name) for name in self._announced()}
        if _SHA256_HEX.fullmatch(caller.payload):
            self._hashes.setdefault("sha256", hashlib.sha256())

    def _announced(self) -> list[str]:
        """Return the checksums that stand in the headers or will stand in the trailers."""
        trailers = [name.strip() for name in self.headers.get("x-amz-trailer", "").lower().split(",")]
        names = [*self.headers.keys(), *trailers]
        kinds = [name.removeprefix(_CHECKSUM) for name in names if name.startswith(_CHECKSUM)]
        for kind in kinds:
            if kind in _UNKNOWN_CHECKSUMS:
                raise S3Error(
                    "NotImplemented", f"localops does not check {kind.upper()}; use CRC32 or SHA256."
                )
        return [kind for kind in kinds if kind in _CHECKSUM_SIZES]

    def announced_size(self) -> int:
        """Return how many bytes the object has.

        Raises:
            S3Error: the client does not say so; S3 takes no body of unknown length.
        """
        name = "x-amz-decoded-content-length" if self.chunked else "content-length"
        size = whole_number(self.headers.get(name, ""))
        if size is None:
            raise S3Error("MissingContentLength")
        return size

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the object's bytes; hash each piece with `take` before it is stored."""
        async for part in self.parts:
            for piece in self.chunked.feed(part) if self.chunked else (part,):
                if piece:
                    yield piece

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        self.md5.update(piece)
        for each in self._hashes.values():
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
        self._check_md5()
        if (
            _SHA256_HEX.fullmatch(self.caller.payload)
            and self._hashes["sha256"].digest().hex() != self.caller.payload
        ):
            raise S3Error("XAmzContentSHA256Mismatch")
        trailers = self.chunked.trailers if self.chunked else {}
        self.checksums = self._checked_checksums({**self.headers, **trailers})

    def _check_md5(self) -> None:
        given = self.headers.get("content-md5")
        if given is None:
            return
        digest = decoded_base64(given, self.md5.digest_size)
        if digest is None:
            raise S3Error("InvalidDigest")
        if digest != self.md5.digest():
            raise S3Error("BadDigest")

    def _checked_checksums(self, said: Mapping[str, str]) -> dict[str, str]:
        found = {
            f"{_CHECKSUM}{kind}": base64.b64encode(self._hashes[kind].digest()).decode()
            for kind in self._hashes
        }
        kept = {name: value for name, value in found.items() if name in said}
        for name, value in kept.items():
            if said[name] != value:
                raise S3Error("BadDigest", f"The header {name} does not match the bytes that arrived.")
        return kept


def _new_hash(kind: str) -> _Hash:
    return _Crc32() if kind == "crc32" else hashlib.new(kind, usedforsecurity=False)
