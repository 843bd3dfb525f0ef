"""Who sent a request: its signature, of either version, in a header or in a presigned URL."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import Scope

from localops.s3 import signature_v2, signature_v4
from localops.s3.signed_message import Caller, Message


def is_signed(scope: Scope) -> bool:
    """Whether a request, or the preflight that a browser sends before it, is meant for S3."""
    headers = Headers(scope=scope)
    if headers.get("authorization", "").startswith((signature_v4.ALGORITHM, signature_v2.SCHEME)):
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
    if authorization.startswith(signature_v4.ALGORITHM):
        return signature_v4.header_caller(message, authorization, secrets)
    if message.parameter("X-Amz-Algorithm"):
        return signature_v4.query_caller(message, secrets)
    if authorization.startswith(signature_v2.SCHEME):
        return signature_v2.header_caller(message, authorization, secrets)
    if message.parameter("AWSAccessKeyId"):
        return signature_v2.query_caller(message, secrets)
    return Caller(None)
