"""Objects that arrive in parts: begin, parts, complete or abort, and what is under way."""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import closing
from xml.etree.ElementTree import Element

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from localops.s3.conditions import check_replacing
from localops.s3.documents import document, element, iso_time, key_text, parse, text
from localops.s3.errors import S3Error
from localops.s3.index import Part, Upload
from localops.s3.objects import asked_range, kept_headers, open_source
from localops.s3.request import S3Request
from localops.s3.storage import Storage

_MAX_PARTS = 10_000
_MIN_PART_BYTES = 5 * 1024 * 1024


async def begin_upload(request: S3Request, storage: Storage) -> Response:
    upload = Upload(secrets.token_hex(16), request.bucket, request.key, headers=kept_headers(request.headers))
    await run_in_threadpool(storage.index.begin_upload, upload)
    return document("InitiateMultipartUploadResult", names(upload))


async def put_part(request: S3Request, storage: Storage) -> Response:
    upload = await run_in_threadpool(find, request, storage)
    number = request.number("partNumber", 0, _MAX_PARTS)
    if number == 0:
        raise S3Error("InvalidArgument", f"partNumber must be between 1 and {_MAX_PARTS}.")
    if "x-amz-copy-source" in request.headers:
        return await _copy_part(request, storage, upload, number)
    with storage.new_file() as file:
        payload = await request.receive(file)
        etag = payload.md5.hexdigest()
        await run_in_threadpool(storage.put_part, upload, file, Part(number, file.name, payload.size, etag))
    return Response(headers={"etag": f'"{etag}"', **payload.checksums})


async def _copy_part(request: S3Request, storage: Storage, upload: Upload, number: int) -> Response:
    old, source = await run_in_threadpool(open_source, request, storage)
    with closing(source), storage.new_file() as file:
        span = asked_range(request.headers.get("x-amz-copy-source-range"), old.size) or range(old.size)
        source.seek(span.start)
        etag = await run_in_threadpool(file.copy, source, len(span))
        part = Part(number, file.name, len(span), etag)
        await run_in_threadpool(storage.put_part, upload, file, part)
    return document(
        "CopyPartResult", [text("ETag", f'"{etag}"'), text("LastModified", iso_time(part.modified_s))]
    )


async def complete_upload(request: S3Request, storage: Storage) -> Response:
    upload = await run_in_threadpool(find, request, storage)
    chosen = _named_parts(parse(await request.document()))
    stored = {part.number: part for part in await run_in_threadpool(storage.index.parts, upload.id)}
    parts: list[Part] = []
    for number, etag in chosen:
        if number not in stored or stored[number].etag != etag:
            raise S3Error("InvalidPart", f"Part {number} was not found, or its ETag is another one.")
        parts.append(stored[number])
    if any(part.size < _MIN_PART_BYTES for part in parts[:-1]):
        raise S3Error("EntityTooSmall")
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
    await run_in_threadpool(storage.join, upload, parts, etag, check_replacing(request.headers))
    place = f"{request.http.url.scheme}://{request.headers['host']}{request.message.path}"
    content = [text("Location", place), text("Bucket", upload.bucket), text("Key", upload.key)]
    return document("CompleteMultipartUploadResult", [*content, text("ETag", f'"{etag}"')])


def _named_parts(root: Element) -> list[tuple[int, str]]:
    """Return the parts that a completion names, with their ETags.

    Raises:
        S3Error: there are none, or they are out of order.
    """
    found: list[tuple[int, str]] = []
    for part in root.iter("Part"):
        number, etag = part.findtext("PartNumber", ""), part.findtext("ETag", "")
        if not re.fullmatch(r"[0-9]{1,5}", number):
            raise S3Error("MalformedXML")
        found.append((int(number), etag.strip().strip('"')))
    if root.tag != "CompleteMultipartUpload" or not found:
        raise S3Error("MalformedXML")
    numbers = [number for number, _ in found]
    if numbers != sorted(set(numbers)):
        raise S3Error("InvalidPartOrder")
    return found


async def abort_upload(request: S3Request, storage: Storage) -> Response:
    upload = await run_in_threadpool(find, request, storage)
    await run_in_threadpool(storage.end_upload, upload)
    return Response(status_code=204)


async def list_parts(request: S3Request, storage: Storage) -> Response:
    upload = await run_in_threadpool(find, request, storage)
    after = request.number("part-number-marker", 0, _MAX_PARTS)
    most = request.number("max-parts", 1000, _MAX_PARTS)
    parts = [part for part in await run_in_threadpool(storage.index.parts, upload.id) if part.number > after]
    shown = parts[:most]
    entries = [
        element(
            "Part",
            [
                text("PartNumber", part.number),
                text("LastModified", iso_time(part.modified_s)),
                text("ETag", f'"{part.etag}"'),
                text("Size", part.size),
            ],
        )
        for part in shown
    ]
    more = [text("IsTruncated", len(parts) > len(shown)), text("MaxParts", most)]
    if shown:
        more.append(text("NextPartNumberMarker", shown[-1].number))
    return document("ListPartsResult", [*names(upload), *more, *entries])


async def list_uploads(request: S3Request, storage: Storage) -> Response:
    """Return all uploads under way whose keys have the prefix; localops answers them on one page."""
    encoding = request.query.get("encoding-type", "")
    prefix = request.query.get("prefix", "")
    found = await run_in_threadpool(storage.index.uploads, request.bucket)
    entries = [
        element(
            "Upload",
            [
                text("Key", key_text(upload.key, encoding)),
                text("UploadId", upload.id),
                text("Initiated", iso_time(upload.begun_s)),
            ],
        )
        for upload in found
        if upload.key.startswith(prefix)
    ]
    head = [
        text("Bucket", request.bucket),
        text("Prefix", key_text(prefix, encoding)),
        text("IsTruncated", False),
    ]
    return document("ListMultipartUploadsResult", [*head, *entries])


def find(request: S3Request, storage: Storage) -> Upload:
    """Return the upload that a request names.

    Raises:
        S3Error: there is none of that name for that key.
    """
    for upload in storage.index.uploads(request.bucket):
        if upload.id == request.query["uploadId"] and upload.key == request.key:
            return upload
    raise S3Error("NoSuchUpload")


def names(upload: Upload) -> list[str]:
    return [text("Bucket", upload.bucket), text("Key", upload.key), text("UploadId", upload.id)]
