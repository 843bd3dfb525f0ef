"""Signature Version 4: of a request's headers, and of a presigned URL.

Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from localops.reading.number import whole_number
from localops.s3.errors import S3Error
from localops.s3.signed_message import (
    UNSIGNED_PAYLOAD,
    Caller,
    Message,
    SigningKey,
    check,
    check_lifetime,
    secret_of,
)

ALGORITHM = "AWS4-HMAC-SHA256"
_MAX_PRESIGN_S = 7 * 24 * 3600
_MAX_SKEW = timedelta(minutes=15)
_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<names>[^,\s]+),\s*Signature=(?P<signature>\w+)"
)


def header_caller(message: Message, authorization: str, secrets: Mapping[str, str]) -> Caller:
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        raise S3Error("AuthorizationHeaderMalformed")
    when = message.headers.get("x-amz-date", "")
    if abs(moment(when, "AuthorizationHeaderMalformed") - datetime.now(UTC)) > _MAX_SKEW:
        raise S3Error("RequestTimeTooSkewed")
    payload = message.headers.get("x-amz-content-sha256")
    if payload is None:
        raise S3Error("InvalidRequest", "The header x-amz-content-sha256 is missing.")
    user, key = signing_key(match["credential"], when, secrets, "AuthorizationHeaderMalformed")
    canonical = canonical_request(message, message.query, match["names"].split(";"), payload)
    check(key.sign(ALGORITHM, sha256(canonical)), match["signature"])
    return Caller(user, payload, key, match["signature"])


def query_caller(message: Message, secrets: Mapping[str, str]) -> Caller:
    malformed = "AuthorizationQueryParametersError"
    when, lifetime = message.parameter("X-Amz-Date"), message.parameter("X-Amz-Expires")
    lifetime_s = whole_number(lifetime, range(1, _MAX_PRESIGN_S + 1))
    if lifetime_s is None:
        raise S3Error(malformed, "X-Amz-Expires must be between 1 second and 7 days.")
    begun = moment(when, malformed)
    if begun - datetime.now(UTC) > _MAX_SKEW:
        raise S3Error("RequestTimeTooSkewed")
    user, key = signing_key(message.parameter("X-Amz-Credential"), when, secrets, malformed)
    signed = [pair for pair in message.query if pair[0] != "X-Amz-Signature"]
    names = message.parameter("X-Amz-SignedHeaders").split(";")
    payload = message.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    if message.parameter("X-Amz-Content-Sha256"):
        payload = message.parameter("X-Amz-Content-Sha256")
    if not all(_HEADER_NAME.fullmatch(name) for name in names):
        raise S3Error(malformed, "X-Amz-SignedHeaders must be names of headers, separated by semicolons.")
    canonical = canonical_request(message, signed, names, payload)
    check(key.sign(ALGORITHM, sha256(canonical)), message.parameter("X-Amz-Signature"))
    check_lifetime(begun.timestamp() + lifetime_s)
    return Caller(user, payload)


def canonical_request(
    message: Message, query: Iterable[tuple[str, str]], signed_names: Iterable[str], payload: str
) -> str:
    """Return the text that Version 4 signs. The path is not normalised: `//` and `..` belong to keys."""
    names = list(signed_names)
    pairs = sorted((encoded(name), encoded(value)) for name, value in query)
    lines = [f"{name}:{','.join(_trimmed(message.headers.getlist(name)))}" for name in names]
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


def signing_key(
    credential: str, when: str, secrets: Mapping[str, str], malformed: str
) -> tuple[str, SigningKey]:
    """Return the user of a credential `key/day/region/service/aws4_request`, and the key of that day."""
    user, *scope = credential.rsplit("/", 4)
    if len(scope) != 4 or scope[3] != "aws4_request" or scope[0] != when[:8]:
        raise S3Error(malformed)
    key = f"AWS4{secret_of(user, secrets)}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return user, SigningKey(key, when, "/".join(scope))


def moment(text: str, malformed: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise S3Error(malformed) from error


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _trimmed(values: Iterable[str]) -> list[str]:
    return [" ".join(value.split()) for value in values]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
