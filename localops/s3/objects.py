"""Single objects: put, copy, get, head, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localops.reading.number import ANY, whole_number
from localops.s3.conditions import check_conditions, check_replacing, check_source
from localops.s3.documents import document, http_time, iso_time, text
from localops.s3.errors import S3Error
from localops.s3.index import Object
from localops.s3.request import S3Request, split_path
from localops.s3.storage import Storage

_KEPT_HEADERS = (
    "content-type",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
)
_METADATA = "x-amz-meta-"
_DEFAULT_TYPE = "binary/octet-stream"
READ_BYTES = 256 * 1024
_BYTE_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


async def put_object(request: S3Request, storage: Storage) -> Response:
    if "x-amz-copy-source" in request.headers:
        return await copy_object(request, storage)
    with storage.new_file() as file:
        payload = await request.receive(file)
        etag = payload.md5.hexdigest()
        headers = {**kept_headers(request.headers), **payload.checksums}
        stored = Object(request.key, file.name, payload.size, etag, headers=headers)
        await run_in_threadpool(storage.put, request.bucket, file, stored, check_replacing(request.headers))
    return Response(headers={"etag": f'"{etag}"', **payload.checksums})


async def copy_object(request: S3Request, storage: Storage) -> Response:
    old, source = await run_in_threadpool(open_source, request, storage)
    with closing(source), storage.new_file() as file:
        etag = await run_in_threadpool(file.copy, source, old.size)
        replace = request.headers.get("x-amz-metadata-directive") == "REPLACE"
        headers = kept_headers(request.headers) if replace else old.headers
        stored = Object(request.key, file.name, old.size, etag, headers=headers)
        await run_in_threadpool(storage.put, request.bucket, file, stored, check_replacing(request.headers))
    return document(
        "CopyObjectResult", [text("ETag", f'"{etag}"'), text("LastModified", iso_time(stored.modified_s))]
    )


def open_source(request: S3Request, storage: Storage) -> tuple[Object, BinaryIO]:
    """Return what `x-amz-copy-source` names; only the caller's own buckets.

    Raises:
        S3Error: it is not there, or a condition on it does not hold.
    """
    bucket, key = split_path(request.headers["x-amz-copy-source"].partition("?versionId=")[0])
    if bucket != request.bucket and bucket.rpartition("-")[0] != request.caller.user:
        raise S3Error("AccessDenied")
    found, file = storage.open(bucket, key)
    try:
        check_source(found, request.headers)
    except S3Error:
        file.close()
        raise
    return found, file


def kept_headers(headers: Headers) -> dict[str, str]:
    """Return what a request says of an object that is sent again with it."""
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    kept.setdefault("content-type", _DEFAULT_TYPE)
    encodings = [each.strip() for each in headers.get("content-encoding", "").split(",")]
    if encoding := ", ".join(each for each in encodings if each and each != "aws-chunked"):
        kept["content-encoding"] = encoding
    return {**kept, **{name: value for name, value in headers.items() if name.startswith(_METADATA)}}


async def get_object(request: S3Request, storage: Storage) -> Response:
    instead = _overrides(request.query)
    found, file = await run_in_threadpool(storage.open, request.bucket, request.key)
    # They are of the whole object; a client would compare them with the part.
    with_checksums = (
        "range" not in request.headers and request.headers.get("x-amz-checksum-mode") == "ENABLED"
    )
    return object_response(found, file, request.headers, object_headers(found, with_checksums) | instead)


async def delete_object(request: S3Request, storage: Storage) -> Response:
    await run_in_threadpool(storage.remove, request.bucket, request.key)
    return Response(status_code=204)


def object_response(found: Object, file: BinaryIO, asked: Headers, headers: Mapping[str, str]) -> Response:
    """Return an object, or the part of it that was asked for. Closes the file, also when it refuses.

    Raises:
        S3Error: a condition does not hold, or there is no such part.
    """
    try:
        check_conditions(found, asked)
        span = asked_range(asked.get("range"), found.size)
    except S3Error:
        file.close()
        raise
    return _ObjectResponse(
        file, span or range(found.size), headers, partial=span is not None, size=found.size
    )


def object_headers(found: Object, with_checksums: bool = False) -> dict[str, str]:
    headers = {
        name: value
        for name, value in found.headers.items()
        if with_checksums or not name.startswith("x-amz-checksum-")
    }
    return {
        **headers,
        "etag": f'"{found.etag}"',
        "last-modified": http_time(found.modified_s),
        "accept-ranges": "bytes",
    }


def _overrides(query: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a presigned URL sets, such as `response-content-type`."""
    names = (*_KEPT_HEADERS, "content-encoding")
    asked = {name: query[f"response-{name}"] for name in names if query.get(f"response-{name}")}
    for name, value in asked.items():
        if not value.isascii() or not value.isprintable():
            raise S3Error("InvalidArgument", f"response-{name} cannot stand in a header.")
    return asked


def asked_range(header: str | None, size: int) -> range | None:
    """Return the bytes that a Range header asks for; None when it is absent or malformed and so asks for all.

    Raises:
        S3Error: none of them is there.
    """
    match = _BYTE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        begin, end = max(0, size - number(last)), size
    else:
        begin, end = number(first), min(number(last) + 1 if last else size, size)
        if last and number(last) < number(first):
            return None
    if begin >= end:
        raise S3Error("InvalidRange")
    return range(begin, end)


def number(digits: str) -> int:
    """Return what digits mean; no object has as many bytes as the largest number that is read here."""
    found = whole_number(digits)
    return ANY.stop if found is None else found


class _ObjectResponse(Response):
    """Sends a span of an open file and closes it."""

    def __init__(
        self, file: BinaryIO, span: range, headers: Mapping[str, str], partial: bool, size: int
    ) -> None:
        super().__init__(None, 206 if partial else 200, headers)
        self.file = file
        self._span = span
        self.headers["content-length"] = str(len(span))
        if partial:
            self.headers["content-range"] = f"bytes {span.start}-{span.stop - 1}/{size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an ASGI application
        with self.file:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            left = 0 if scope["method"] == "HEAD" else len(self._span)
            self.file.seek(self._span.start)
            while left:
                data = await run_in_threadpool(self.file.read, min(left, READ_BYTES))
                left = left - len(data) if data else 0
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
