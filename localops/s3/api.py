"""The S3 server: a request to its operation, an error to its answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localops.s3 import buckets, objects, uploads
from localops.s3.documents import error_document
from localops.s3.errors import S3Error
from localops.s3.request import Operation, S3Request, split_path
from localops.s3.signature import caller_of, is_form_upload
from localops.s3.signed_message import Message
from localops.s3.storage import Storage

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, x-amz-request-id, x-amz-meta-*, x-amz-checksum-crc32, "
    "x-amz-checksum-sha1, x-amz-checksum-sha256, Content-Range, Accept-Ranges, Last-Modified",
}
# What keeps a browser from running an object as a page, whatever type its uploader gave it.
_NO_DOCUMENT = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
_FORM_TEXT = "localops does not take a file that a form posts (presigned POST); S3 may. Use a presigned PUT."
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
# (what is named, the parameter that makes it another resource, method) -> operation
_OPERATIONS: Mapping[tuple[str, str, str], Operation] = {
    ("service", "", "GET"): buckets.list_buckets,
    ("bucket", "", "HEAD"): buckets.head_bucket,
    ("bucket", "", "PUT"): buckets.create_bucket,
    ("bucket", "", "GET"): buckets.list_objects,
    ("bucket", "location", "GET"): buckets.location,
    ("bucket", "versioning", "GET"): buckets.versioning,
    ("bucket", "uploads", "GET"): uploads.list_uploads,
    ("bucket", "delete", "POST"): buckets.delete_objects,
    ("object", "", "PUT"): objects.put_object,
    ("object", "", "GET"): objects.get_object,
    ("object", "", "HEAD"): objects.get_object,
    ("object", "", "DELETE"): objects.delete_object,
    ("object", "uploads", "POST"): uploads.begin_upload,
    ("object", "uploadId", "PUT"): uploads.put_part,
    ("object", "uploadId", "POST"): uploads.complete_upload,
    ("object", "uploadId", "DELETE"): uploads.abort_upload,
    ("object", "uploadId", "GET"): uploads.list_parts,
}
# Parameters that name a resource of their own, so that a request with one is not taken for a plainer one.
_RESOURCES = (
    "uploadId",
    "uploads",
    "delete",
    "location",
    "versioning",
    "acl",
    "accelerate",
    "analytics",
    "attributes",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "versionId",
    "versions",
    "website",
    "partNumber",
)


# Headers that ask for what is not done, by their beginning; and the values of others that ask for nothing.
_NOT_DONE_HEADERS = (
    "x-amz-server-side-encryption",
    "x-amz-object-lock-",
    "x-amz-grant-",
    "x-amz-website-redirect-location",
)
_HARMLESS_VALUES: Mapping[str, tuple[str, ...]] = {
    "x-amz-tagging": ("",),
    "x-amz-acl": ("private", "bucket-owner-full-control"),
    "x-amz-storage-class": ("STANDARD",),
}


class S3:
    """The application.

    Args:
        keys: the secret key of each user; the user's name is the access key.
        host_of_its_own: whether it answers under a name where nothing else does. Elsewhere it answers signed
            requests alone, and no object becomes a document of that origin, which is the page's.
    """

    def __init__(self, storage: Storage, keys: Mapping[str, str], host_of_its_own: bool = True) -> None:
        self._storage = storage
        self.keys = keys
        self._host_of_its_own = host_of_its_own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = Request(scope, receive)
        request_id = secrets.token_hex(8)
        try:
            response = _preflight(http) if http.method == "OPTIONS" else await self.answer(http)
        except ClientDisconnect:
            # Nobody is there to be answered, and nothing was stored.
            return
        except S3Error as error:
            response = refusal(http, error, request_id)
        response.headers.update({**CORS, "x-amz-request-id": request_id})
        if not self._host_of_its_own:
            response.headers.update(_NO_DOCUMENT)
        await response(scope, receive, send)

    async def answer(self, http: Request) -> Response:
        message = Message.of(http.scope)
        if is_form_upload(http.method, http.url.path, http.headers):
            raise S3Error("NotImplemented", _FORM_TEXT)
        caller = caller_of(message, self.keys)
        if caller.user is None and not self._host_of_its_own:
            raise S3Error("AccessDenied", "Under this name S3 answers only signed requests.")
        request = S3Request(http, caller, message, *split_path(message.path))
        operation = _operation_of(request)
        _check_access(request, self.keys)
        _refuse_not_done(request.headers)
        return await operation(request, self._storage)


def _operation_of(request: S3Request) -> Operation:
    """Return the operation that a request means.

    Raises:
        S3Error: there is no such operation, or localops does not do it.
    """
    named = "object" if request.key else "bucket" if request.bucket else "service"
    resource = next((name for name in _RESOURCES if name in request.query), "")
    operation = _OPERATIONS.get((named, resource, request.method))
    if operation is not None:
        return operation
    if resource or request.method in _METHODS:
        raise S3Error("NotImplemented", f"localops does not do {request.method} {resource or named}; S3 may.")
    raise S3Error("MethodNotAllowed")


def _refuse_not_done(headers: Headers) -> None:
    """Raise S3Error when a header asks for what would silently not happen."""
    for name, value in headers.items():
        harmless = _HARMLESS_VALUES.get(name, (value,))
        if name.startswith(_NOT_DONE_HEADERS) or value not in harmless:
            raise S3Error(
                "NotImplemented",
                f"localops does not do what the header {name} asks for; S3 may. Leave it out.",
            )


def _check_access(request: S3Request, keys: Mapping[str, str]) -> None:
    """Let users into their own buckets, and everybody read what a site shows.

    Raises:
        S3Error: the caller may not, or there is no such bucket.
    Source: apache/openserverless-operator nuvolaris/minio_util.py, make_public_bucket, policies of users.
    """
    user = request.caller.user
    if user is not None and request.bucket in ("", *buckets.buckets_of(user)):
        return
    web = [name for each in keys for name in buckets.buckets_of(each) if name.endswith(buckets.WEB)]
    if request.bucket in web and request.key and request.method in ("GET", "HEAD"):
        return
    if user is not None and request.method != "PUT":
        raise S3Error("NoSuchBucket")
    raise S3Error("AccessDenied")


def _preflight(http: Request) -> Response:
    asked = http.headers.get("access-control-request-headers", "*")
    headers = {
        "access-control-allow-methods": ", ".join(_METHODS),
        "access-control-allow-headers": asked,
        "access-control-max-age": "600",
    }
    return Response(headers=headers)


def refusal(http: Request, error: S3Error, request_id: str) -> Response:
    if error.status == 304 or http.method == "HEAD":
        response = Response(status_code=error.status)
    else:
        response = error_document(error, http.url.path, request_id)
    if "expect" in http.headers:
        # The client may now leave its body out or send it: only a new connection is sure what comes next.
        response.headers["connection"] = "close"
    return response
