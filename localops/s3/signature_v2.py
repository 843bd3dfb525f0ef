"""Signature Version 2: of a request's headers, and of a presigned URL.

Source: Amazon S3 developer guide, "Signing and authenticating REST requests (AWS signature version 2)".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from localops.reading.number import whole_number
from localops.s3.errors import S3Error
from localops.s3.signed_message import Caller, Message, check, check_lifetime, secret_of

SCHEME = "AWS "
# The parameters that name a resource of their own in Version 2.
_RESOURCES = (
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


def header_caller(message: Message, authorization: str, secrets: Mapping[str, str]) -> Caller:
    user, _, signature = authorization.removeprefix(SCHEME).strip().partition(":")
    date = "" if "x-amz-date" in message.headers else message.headers.get("date", "")
    _check_signature(message, date, secret_of(user, secrets), signature)
    return Caller(user)


def query_caller(message: Message, secrets: Mapping[str, str]) -> Caller:
    user, expires = message.parameter("AWSAccessKeyId"), message.parameter("Expires")
    expires_s = whole_number(expires)
    if expires_s is None:
        raise S3Error("AccessDenied", "Expires must be a time in seconds.")
    _check_signature(message, expires, secret_of(user, secrets), message.parameter("Signature"))
    check_lifetime(expires_s)
    return Caller(user)


def _check_signature(message: Message, date: str, secret: str, given: str) -> None:
    # botocore signs a bucket with a final slash that it does not send.
    of_bucket = message.path.rfind("/") == 0 and message.path != "/"
    if not of_bucket or _signature_of(message, message.path + "/", date, secret) != given:
        check(_signature_of(message, message.path, date, secret), given)


def _signature_of(message: Message, path: str, date: str, secret: str) -> str:
    headers = message.headers
    amazon = sorted({name for name in headers.keys() if name.startswith("x-amz-")})  # noqa: SIM118 - keys may repeat
    resources = sorted((name, value) for name, value in message.query if name in _RESOURCES)
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
