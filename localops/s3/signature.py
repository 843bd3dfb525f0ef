"""Tell who sent a request by its signature, of either version, in a header or in a presigned URL."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import Scope

from localops.s3 import signature_v2, signature_v4
from localops.s3.errors import S3Error
from localops.s3.signed_message import Caller, Message

# The parameters of a presigned URL of Version 4 and of Version 2. One of them alone says nothing.
_PRESIGNED = (
    frozenset({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"}),
    frozenset({"AWSAccessKeyId", "Expires", "Signature"}),
)


_BUCKET_PATH = re.compile(r"/[^/]+-(data|web)/?")


def claims_signature(scope: Scope) -> bool:
    """Return whether a request says that it is signed for S3, or is what a browser asks before such a one.

    It proves nothing: whoever takes such a request has to verify the signature, see `is_verified`.
    """
    headers = Headers(scope=scope)
    if headers.get("authorization", "").startswith((signature_v4.ALGORITHM, signature_v2.SCHEME)):
        return True
    if scope["method"] == "OPTIONS":
        return "x-amz-" in headers.get("access-control-request-headers", "").lower()
    if is_form_upload(scope["method"], scope["path"], headers):
        return True
    named = {name for name, _ in Message.of(scope).query}
    return any(parameters <= named for parameters in _PRESIGNED)


def is_form_upload(method: str, path: str, headers: Headers) -> bool:
    """Return whether a page's form posts a file to a bucket, with the signature among its fields."""
    is_form = headers.get("content-type", "").lower().startswith("multipart/form-data")
    return method == "POST" and is_form and bool(_BUCKET_PATH.fullmatch(path))


def is_verified(scope: Scope, secrets: Mapping[str, str]) -> bool:
    """Return whether a request carries a signature that only a holder of a secret key can have made."""
    if not claims_signature(scope):
        return False
    try:
        return caller_of(Message.of(scope), secrets).user is not None
    except S3Error:
        return False


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
