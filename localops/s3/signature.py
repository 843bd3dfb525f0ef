"""Who sent a request: Signature Version 4 and Version 2, in the Authorization header and in presigned URLs.

Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)", and the developer
guide's "Signing and authenticating REST requests (AWS signature version 2)".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from starlette.datastructures import Headers
from starlette.types import Scope

from localops.s3.errors import S3Error

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
LONGEST_PRESIGN_S = 7 * 24 * 3600
MOST_SKEW = timedelta(minutes=15)
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<names>[^,\s]+),\s*Signature=(?P<signature>\w+)"
)
# The parameters that name a resource of their own in Version 2.
V2_RESOURCES = (
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
)


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
    """Who sent a request, as the signature proves.

    Attributes:
        user: the access key; None when the request is not signed.
        payload: what the signature says of the body: its SHA-256 in hexadecimal, or a word.
        key, signature: what the signatures of the chunks of a streamed body continue.
    """

    user: str | None
    payload: str = UNSIGNED_PAYLOAD
    key: SigningKey | None = None
    signature: str = ""


def is_signed(scope: Scope) -> bool:
    """Whether a request, or the preflight that a browser sends before it, is meant for S3."""
    headers = Headers(scope=scope)
    if headers.get("authorization", "").startswith((ALGORITHM, "AWS ")):
        return True
    if scope["method"] == "OPTIONS":
        return "x-amz-" in headers.get("access-control-request-headers", "").lower()
    query: bytes = scope["query_string"]
    return b"X-Amz-Signature=" in query or b"AWSAccessKeyId=" in query


def caller_of(message: Message, secrets: Mapping[str, str]) -> Caller:
    """Verify the signature of a request.

    Args:
        secrets: the secret key of each access key.

    Raises:
        S3Error: the signature is wrong, malformed or expired.
    """
    authorization = message.headers.get("authorization", "")
    if authorization.startswith(ALGORITHM):
        return v4_header(message, authorization, secrets)
    if message.parameter("X-Amz-Algorithm"):
        return v4_query(message, secrets)
    if authorization.startswith("AWS "):
        return v2_header(message, authorization, secrets)
    if message.parameter("AWSAccessKeyId"):
        return v2_query(message, secrets)
    return Caller(None)


def v4_header(message: Message, authorization: str, secrets: Mapping[str, str]) -> Caller:
    match = AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        raise S3Error("AuthorizationHeaderMalformed")
    when = message.headers.get("x-amz-date", "")
    if abs(moment(when, "AuthorizationHeaderMalformed") - datetime.now(UTC)) > MOST_SKEW:
        raise S3Error("RequestTimeTooSkewed")
    payload = message.headers.get("x-amz-content-sha256")
    if payload is None:
        raise S3Error("InvalidRequest", "The header x-amz-content-sha256 is missing.")
    user, key = signing_key(match["credential"], when, secrets, "AuthorizationHeaderMalformed")
    canonical = canonical_request(message, message.query, match["names"].split(";"), payload)
    check(key.sign(ALGORITHM, sha256(canonical)), match["signature"])
    return Caller(user, payload, key, match["signature"])


def v4_query(message: Message, secrets: Mapping[str, str]) -> Caller:
    malformed = "AuthorizationQueryParametersError"
    when, lifetime = message.parameter("X-Amz-Date"), message.parameter("X-Amz-Expires")
    if not lifetime.isdigit() or not 0 < int(lifetime) <= LONGEST_PRESIGN_S:
        raise S3Error(malformed, "X-Amz-Expires must be between 1 second and 7 days.")
    begun = moment(when, malformed)
    if begun - datetime.now(UTC) > MOST_SKEW:
        raise S3Error("RequestTimeTooSkewed")
    user, key = signing_key(message.parameter("X-Amz-Credential"), when, secrets, malformed)
    signed = [pair for pair in message.query if pair[0] != "X-Amz-Signature"]
    names = message.parameter("X-Amz-SignedHeaders").split(";")
    payload = message.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    if message.parameter("X-Amz-Content-Sha256"):
        payload = message.parameter("X-Amz-Content-Sha256")
    canonical = canonical_request(message, signed, names, payload)
    check(key.sign(ALGORITHM, sha256(canonical)), message.parameter("X-Amz-Signature"))
    check_lifetime(begun.timestamp() + int(lifetime))
    return Caller(user, payload)


def v2_header(message: Message, authorization: str, secrets: Mapping[str, str]) -> Caller:
    user, _, signature = authorization.removeprefix("AWS ").strip().partition(":")
    date = "" if "x-amz-date" in message.headers else message.headers.get("date", "")
    check_v2(message, date, secret_of(user, secrets), signature)
    return Caller(user)


def v2_query(message: Message, secrets: Mapping[str, str]) -> Caller:
    user, expires = message.parameter("AWSAccessKeyId"), message.parameter("Expires")
    if not expires.isdigit():
        raise S3Error("AccessDenied", "Expires must be a time in seconds.")
    check_v2(message, expires, secret_of(user, secrets), message.parameter("Signature"))
    check_lifetime(int(expires))
    return Caller(user)


def canonical_request(
    message: Message, query: Iterable[tuple[str, str]], signed_names: Iterable[str], payload: str
) -> str:
    """The text that Version 4 signs. The path is not normalised: `//` and `..` belong to keys."""
    names = list(signed_names)
    pairs = sorted((encoded(name), encoded(value)) for name, value in query)
    lines = [f"{name}:{','.join(trimmed(message.headers.getlist(name)))}" for name in names]
    return "\n".join(
        [
            message.method,
            quote(unquote(message.path, errors="surrogateescape"), safe="/-_.~", errors="surrogateescape"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *lines,
            "",
            ";".join(names),
            payload,
        ]
    )


def check_v2(message: Message, date: str, secret: str, given: str) -> None:
    # botocore signs a bucket with a final slash that it does not send.
    of_bucket = message.path.rfind("/") == 0 and message.path != "/"
    if not of_bucket or v2_signature(message, message.path + "/", date, secret) != given:
        check(v2_signature(message, message.path, date, secret), given)


def v2_signature(message: Message, path: str, date: str, secret: str) -> str:
    headers = message.headers
    amazon = sorted({name for name in headers.keys() if name.startswith("x-amz-")})  # noqa: SIM118 - keys may repeat
    resources = sorted((name, value) for name, value in message.query if name in V2_RESOURCES)
    resource = "&".join(f"{name}={value}" if value else name for name, value in resources)
    lines = [
        message.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        date,
        *(f"{name}:{','.join(value.strip() for value in headers.getlist(name))}" for name in amazon),
        path + (f"?{resource}" if resource else ""),
    ]
    digest = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signing_key(
    credential: str, when: str, secrets: Mapping[str, str], malformed: str
) -> tuple[str, SigningKey]:
    """The user that a credential `key/day/region/service/aws4_request` names, and the key of that day."""
    user, *scope = credential.rsplit("/", 4)
    if len(scope) != 4 or scope[3] != "aws4_request" or scope[0] != when[:8]:
        raise S3Error(malformed)
    key = f"AWS4{secret_of(user, secrets)}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return user, SigningKey(key, when, "/".join(scope))


def secret_of(user: str, secrets: Mapping[str, str]) -> str:
    if user not in secrets:
        raise S3Error("InvalidAccessKeyId")
    return secrets[user]


def moment(text: str, malformed: str) -> datetime:
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise S3Error(malformed) from error


def check(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise S3Error("SignatureDoesNotMatch")


def check_lifetime(end_s: float) -> None:
    if time.time() > end_s:
        raise S3Error("AccessDenied", "Request has expired.")


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def trimmed(values: Iterable[str]) -> list[str]:
    return [" ".join(value.split()) for value in values]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def decoded_base64(text: str, size: int) -> bytes | None:
    """The bytes of a digest in base64; None when it is not one of that size."""
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == size else None
