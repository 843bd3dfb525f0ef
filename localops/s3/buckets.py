"""The requests for a bucket as a whole: whether it is there, what is in it, and many deletions at once."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from localops.s3.documents import document, element, iso_time, key_text, object_elements, parse, text
from localops.s3.errors import S3Error
from localops.s3.listing import MAX_KEYS, Listing, listing
from localops.s3.request import S3Request
from localops.s3.storage import Storage

_DATA = "data"
WEB = "web"
# Buckets have always been there; clients want some time.
_CREATED_S = 0.0
_MAX_NUMBER = 2**31 - 1


def buckets_of(user: str) -> list[str]:
    """Return the buckets that OpenServerless makes for a user."""
    return [f"{user}-{_DATA}", f"{user}-{WEB}"]


async def list_buckets(request: S3Request, storage: Storage) -> Response:  # noqa: ARG001 - an Operation
    user = request.caller.user or ""
    owner = element("Owner", [text("ID", user), text("DisplayName", user)])
    entries = [
        element("Bucket", [text("Name", name), text("CreationDate", iso_time(_CREATED_S))])
        for name in buckets_of(user)
    ]
    return document("ListAllMyBucketsResult", [owner, element("Buckets", entries)])


async def head_bucket(request: S3Request, storage: Storage) -> Response:  # noqa: ARG001 - an Operation
    return Response(headers={"x-amz-bucket-region": "us-east-1"})


async def create_bucket(request: S3Request, storage: Storage) -> Response:  # noqa: ARG001 - an Operation
    raise S3Error("BucketAlreadyOwnedByYou")


async def location(request: S3Request, storage: Storage) -> Response:  # noqa: ARG001 - an Operation
    return document("LocationConstraint", [])


async def versioning(request: S3Request, storage: Storage) -> Response:  # noqa: ARG001 - an Operation
    return document("VersioningConfiguration", [])


async def list_objects(request: S3Request, storage: Storage) -> Response:
    """Both versions of the listing."""
    query = request.query
    newer = query.get("list-type") == "2"
    most = request.number("max-keys", MAX_KEYS, _MAX_NUMBER)
    after = _decoded_token(query["continuation-token"]) if query.get("continuation-token") and newer else ""
    after = after or query.get("start-after" if newer else "marker", "")
    delimiter = query.get("delimiter", "")
    found = await run_in_threadpool(
        listing, storage.index, request.bucket, query.get("prefix", ""), delimiter, after, most
    )
    answer = _second_version if newer else _first_version
    return document(
        "ListBucketResult", [*_common_elements(request, found, min(most, MAX_KEYS)), *answer(request, found)]
    )


def _common_elements(request: S3Request, found: Listing, most: int) -> Iterator[str]:
    encoding = request.query.get("encoding-type", "")
    yield text("Name", request.bucket)
    yield text("Prefix", key_text(request.query.get("prefix", ""), encoding))
    if delimiter := request.query.get("delimiter"):
        yield text("Delimiter", key_text(delimiter, encoding))
    if encoding:
        yield text("EncodingType", encoding)
    yield text("MaxKeys", most)
    yield text("IsTruncated", found.is_truncated)
    wants_owner = request.query.get("list-type") != "2" or request.query.get("fetch-owner") == "true"
    owner = (request.caller.user or "") if wants_owner else None
    yield from (object_elements(each, encoding, owner) for each in found.objects)
    for prefix in found.prefixes:
        yield element("CommonPrefixes", [text("Prefix", key_text(prefix, encoding))])


def _first_version(request: S3Request, found: Listing) -> Iterator[str]:
    encoding = request.query.get("encoding-type", "")
    yield text("Marker", key_text(request.query.get("marker", ""), encoding))
    if found.is_truncated:
        yield text("NextMarker", key_text(found.last, encoding))


def _second_version(request: S3Request, found: Listing) -> Iterator[str]:
    encoding = request.query.get("encoding-type", "")
    yield text("KeyCount", len(found.objects) + len(found.prefixes))
    if token := request.query.get("continuation-token"):
        yield text("ContinuationToken", token)
    if start := request.query.get("start-after"):
        yield text("StartAfter", key_text(start, encoding))
    if found.is_truncated:
        yield text("NextContinuationToken", base64.urlsafe_b64encode(found.last.encode()).decode())


def _decoded_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:  # not base64, or not UTF-8
        raise S3Error("InvalidArgument", "The continuation token is not one of localops.") from error


async def delete_objects(request: S3Request, storage: Storage) -> Response:
    """Remove up to 1000 keys; a key that is not there counts as removed."""
    root = parse(await request.document())
    keys = [each.findtext("Key") for each in root.iter("Object")]
    if root.tag != "Delete" or not keys or len(keys) > MAX_KEYS or not all(keys):
        raise S3Error("MalformedXML")
    for key in keys:
        await run_in_threadpool(storage.remove, request.bucket, key or "")
    quiet = root.findtext("Quiet") == "true"
    return document("DeleteResult", [element("Deleted", [text("Key", key)]) for key in keys if not quiet])
