"""The signed request and who sent it, for both versions of S3's signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import Scope

from localops.s3.errors import S3Error

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True)
class Message:
    """The parts of a request that a signature covers.

    Attributes:
        path: as it stands on the wire, percent-encoded.
        query: decoded pairs in the order of the wire.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Headers

    @classmethod
    def of(cls, scope: Scope) -> Message:
        query = scope["query_string"].decode("latin-1")
        pairs = tuple(pair.partition("=") for pair in query.split("&") if pair)
        decoded = tuple((unquote(name), unquote(value)) for name, _, value in pairs)
        return cls(scope["method"], scope["raw_path"].decode("latin-1"), decoded, Headers(scope=scope))

    def parameter(self, name: str) -> str:
        return dict(self.query).get(name, "")


@dataclass(frozen=True)
class SigningKey:
    """A Version 4 key for one day, region and service, and the time that goes into each signature."""

    key: bytes
    time: str
    scope: str

    def sign(self, kind: str, *lines: str) -> str:
        text = "\n".join([kind, self.time, self.scope, *lines])
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Caller:
    """The sender of a request, as its signature proves.

    Attributes:
        user: the access key; None when the request is not signed.
        payload: what the signature says of the body: its SHA-256 in hexadecimal, or a word.
        key, signature: what the signatures of the chunks of a streamed body continue.
    """

    user: str | None
    payload: str = UNSIGNED_PAYLOAD
    key: SigningKey | None = None
    signature: str = ""


def secret_of(user: str, secrets: Mapping[str, str]) -> str:
    if user not in secrets:
        raise S3Error("InvalidAccessKeyId")
    return secrets[user]


def check(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise S3Error("SignatureDoesNotMatch")


def check_lifetime(end_s: float) -> None:
    if time.time() > end_s:
        raise S3Error("AccessDenied", "Request has expired.")


def decoded_base64(text: str, size: int) -> bytes | None:
    """Return the bytes of a digest in base64; None when it is not one of that size."""
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == size else None
