"""A request to S3: whom it comes from, what it names, and its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from localops.reading.number import whole_number
from localops.s3.errors import S3Error
from localops.s3.payload import Payload
from localops.s3.signed_message import Caller, Message
from localops.s3.storage import NewFile, Storage

_MAX_KEY_BYTES = 1024
_MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
# The largest that one request may bring.
MAX_BODY_BYTES = 5 * 1024**3
_WRITE_BYTES = 1024 * 1024


def split_path(path: str) -> tuple[str, str]:
    """Return the bucket and the key that a path names; the key as it stands, with its slashes and dots.

    Raises:
        S3Error: the key is too long or not text.
    """
    bucket, _, key = path.removeprefix("/").partition("/")
    try:
        decoded = unquote(key, errors="strict")
        size = len(decoded.encode())
    except UnicodeError as error:
        raise S3Error("InvalidURI") from error
    if size > _MAX_KEY_BYTES:
        raise S3Error("KeyTooLongError")
    return unquote(bucket), decoded


@dataclass(frozen=True)
class S3Request:
    """One request.

    Attributes:
        bucket: "" for the service itself.
        key: "" for the bucket itself.
    """

    http: Request
    caller: Caller
    message: Message
    bucket: str
    key: str

    @property
    def method(self) -> str:
        return self.message.method

    @property
    def headers(self) -> Headers:
        return self.message.headers

    @cached_property
    def query(self) -> Mapping[str, str]:
        return dict(self.message.query)

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number of the query.

        Raises:
            S3Error: it is not one, or not between 0 and `most`.
        """
        text = self.query.get(name)
        number = whole_number(text, range(most + 1)) if text else default
        if number is None:
            raise S3Error("InvalidArgument", f"{name} must be a whole number up to {most}.")
        return number

    async def document(self) -> bytes:
        """Return the whole body, checked, of a request that brings XML."""
        payload = Payload(self.headers, self.http.stream(), self.caller)
        body = bytearray()
        async for piece in payload.pieces():
            payload.take(piece)
            body += piece
            if len(body) > _MAX_DOCUMENT_BYTES:
                raise S3Error("MalformedXML", "The document is too large.")
        payload.finish()
        return bytes(body)

    async def receive(self, file: NewFile) -> Payload:
        """Write the body to a file as it arrives and check it.

        Returns:
            The payload, with its size, MD5 and checksums.
        """
        payload = Payload(self.headers, self.http.stream(), self.caller)
        if payload.announced_size() > MAX_BODY_BYTES:
            raise S3Error("EntityTooLarge")

        def absorb(data: bytes) -> None:
            payload.take(data)
            file.write(data)

        waiting = bytearray()
        async for piece in payload.pieces():
            waiting += piece
            if len(waiting) >= _WRITE_BYTES:
                await run_in_threadpool(absorb, bytes(waiting))
                waiting.clear()
        if waiting:
            await run_in_threadpool(absorb, bytes(waiting))
        payload.finish()
        return payload


class Operation(Protocol):
    """Answers a request."""

    async def __call__(self, request: S3Request, storage: Storage) -> Response: ...
