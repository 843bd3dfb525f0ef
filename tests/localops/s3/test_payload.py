"""Chunked bodies, with the figures that Amazon's reference works out, at every cut."""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from localops.s3.chunked_body import EMPTY_SHA256, ChunkedBody
from localops.s3.errors import S3Error
from localops.s3.payload import Payload
from localops.s3.signature_v4 import sha256, signing_key
from localops.s3.signed_message import Caller, SigningKey

# Amazon S3 API reference, "Transferring payload in multiple chunks (chunked upload)", the example.
TIME = "20130524T000000Z"
SECRETS = {"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
CREDENTIAL = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
SIGNATURES = [
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]


def example_key() -> SigningKey:
    return signing_key(CREDENTIAL, TIME, SECRETS, "AccessDenied")[1]


def signed_body() -> bytes:
    chunks = [
        f"{size:x};chunk-signature={signature}\r\n".encode() + b"a" * size + b"\r\n"
        for size, signature in SIGNATURES
    ]
    return b"".join(chunks)


def signed_caller() -> Caller:
    return Caller("user", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", example_key(), SEED)


def decoded(body: bytes, caller: Caller, size: int) -> bytes:
    chunked = ChunkedBody(caller)
    pieces = [piece for at in range(0, len(body), size) for piece in chunked.feed(body[at : at + size])]
    chunked.finish()
    return b"".join(pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 65536, 100_000])
def test_the_signed_chunks_of_the_reference_are_accepted_at_every_cut(size: int):
    assert decoded(signed_body(), signed_caller(), size) == b"a" * 66560


def test_the_signature_of_trailers_is_checked():
    key = example_key()
    last = key.sign("AWS4-HMAC-SHA256-PAYLOAD", SEED, EMPTY_SHA256, EMPTY_SHA256)
    trailer = "x-amz-checksum-crc32:AAAAAA=="
    signature = key.sign("AWS4-HMAC-SHA256-TRAILER", last, sha256(f"{trailer}\n"))
    caller = Caller("user", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", key, SEED)
    for given_signature, accepted in ((signature, True), ("0" * 64, False)):
        body = f"0;chunk-signature={last}\r\n{trailer}\r\nx-amz-trailer-signature:{given_signature}\r\n\r\n"
        if accepted:
            assert decoded(body.encode(), caller, 10) == b""
            continue
        with pytest.raises(S3Error, match="signature does not match"):
            decoded(body.encode(), caller, 10)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda body: body.replace(b"aaaa", b"aaab", 1), "SignatureDoesNotMatch"),
        (lambda body: body.replace(b"ad80", b"ad81", 1), "SignatureDoesNotMatch"),
        (lambda body: body.replace(b";chunk-signature=", b"", 1), "InvalidRequest"),
        (lambda body: body[:-2], "IncompleteBody"),
        (lambda body: body[:1000], "IncompleteBody"),
        (lambda body: body[:0], "IncompleteBody"),
        (lambda body: b"zz\r\n" + body, "InvalidRequest"),
        (lambda body: b"a" * 5000 + body, "InvalidRequest"),
        (lambda body: b"1\r\nab\r\n" + body, "SignatureDoesNotMatch"),
    ],
)
def test_a_damaged_body_is_refused(damage, code: str):
    with pytest.raises(S3Error) as error:
        decoded(damage(signed_body()), signed_caller(), 1000)
    assert error.value.code == code


def test_bytes_behind_a_chunk_are_refused():
    with pytest.raises(S3Error) as error:
        decoded(b"1\r\nab\r\n0\r\n\r\n", Caller("user", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), 100)
    assert error.value.code == "InvalidRequest"


@given(content=st.binary(max_size=300), chunk=st.integers(1, 100), cut=st.integers(1, 100))
def test_any_content_in_any_chunks_at_any_cut_comes_out_whole(content: bytes, chunk: int, cut: int):
    body = b"".join(
        b"%X\r\n%s\r\n" % (len(content[at : at + chunk]), content[at : at + chunk])
        for at in range(0, len(content), chunk)
    )
    checksum = base64.b64encode(zlib.crc32(content).to_bytes(4, "big"))
    body += b"0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % checksum
    headers = {"x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": str(len(content))}

    async def arriving() -> AsyncIterator[bytes]:
        for at in range(0, len(body), cut):
            yield body[at : at + cut]

    async def read() -> tuple[bytes, dict[str, str]]:
        caller = Caller("user", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        payload = Payload(Headers(headers), arriving(), caller)
        found = bytearray()
        async for piece in payload.pieces():
            payload.take(piece)
            found += piece
        payload.finish()
        return bytes(found), payload.checksums

    assert asyncio.run(read()) == (content, {"x-amz-checksum-crc32": checksum.decode()})
