"""Requests that no client of ours sends: each gets an answer with a sentence, soon, and nothing breaks.

A table of those that once broke something, and a run over many more, the same ones each time.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from localops_process import LocalopsProcess
from s3_server import S3Server

SEED = 20261127
# Whichever comes first: on every machine the same requests, or the beginning of them.
FUZZ_S, MAX_REQUESTS = 30.0, 2000
# On a quiet machine an answer takes milliseconds; a hang takes for ever.
MAX_ANSWER_S = 20.0
LONG_BODY_BYTES = 10_000
HOSTS = (b"localhost", b"devel.localhost", b"s3.localhost", b"stream.localhost")
PRESIGNED = b"X-Amz-Algorithm=a&X-Amz-Credential=devel/20261127/us-east-1/s3/aws4_request&X-Amz-Signature=0"
V2 = b"AWSAccessKeyId=devel&Signature=x&Expires="
DIGITS = b"9" * 5000

# What once was answered 500, ended something, or belongs to its kind: (target, further headers).
ONCE_BROKEN: list[tuple[bytes, bytes]] = [
    (b"/%00", b""),
    (b"/_localops/%00", b""),
    (b"/" + b"x" * 256, b""),
    (b"/_localops/" + b"x" * 256, b""),
    (b"/" + b"x" * 300 + b"/" + b"y" * 5000, b""),
    (b"/\xff?a=\xff", b""),
    (b"/devel-data/x?\xff=\xff", b""),
    (b"/api/my/a/b?\xff", b""),
    (b"/api/my/%00/%00", b""),
    (b"/web/devel/%00/" + b"x" * 300, b""),
    (b"/", b"Origin: http://["),
    (b"/_localops/api/actions", b"Origin: http://["),
    (b"/", b"Origin: \xff"),
    (b"/devel-data/x?" + PRESIGNED + b"&X-Amz-Expires=%C2%B2&X-Amz-Date=20261127T000000Z", b""),
    (b"/devel-data/x?" + PRESIGNED + b"&X-Amz-Expires=" + DIGITS + b"&X-Amz-Date=20261127T000000Z", b""),
    (
        b"/devel-data/x?"
        + PRESIGNED
        + b"&X-Amz-Expires=60&X-Amz-SignedHeaders=%ff;x&X-Amz-Date=20261127T000000Z",
        b"",
    ),
    (b"/devel-data/x?" + V2 + b"%C2%B2", b""),
    (b"/devel-data/x?" + V2 + DIGITS, b""),
    (b"/", b"Authorization: AWS4-HMAC-SHA256 Credential=\xff, SignedHeaders=\xff;x, Signature=\xff"),
    (b"/", b"Authorization: Basic \xff"),
    (b"/api/v1/namespaces/_/actions?limit=%C2%B2", b"Authorization: Basic x"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "hello.py").write_text(
        "#--web true\ndef main(args): return {'body': 'hi'}\n"
    )
    (folder / "web").mkdir()
    (folder / "web" / "index.html").write_text("the page")
    with LocalopsProcess(project=folder, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        found = S3Server(folder, process)
        # So that ranges, dates and conditions have an object that they can be about.
        found.client().put_object(Bucket="devel-data", Key="there", Body=b"0123456789")
        yield found


def exchange(server: S3Server, request: bytes) -> bytes:
    """Return all that is answered to one request, after which the connection is closed."""
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=MAX_ANSWER_S) as connection:
        received: list[bytes] = []
        try:
            connection.sendall(request)
            received.extend(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:
            # A refusal that does not wait for a long body ends the connection, and the answer may be lost.
            if len(request) < LONG_BODY_BYTES:
                raise
            return b"".join(received) or b"HTTP/1.1 400 Unread\r\n\r\n"
        return b"".join(received)


def request_of(method: bytes, target: bytes, host: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: " + host, b"Connection: close"]
    lines += [b"Content-Length: %d" % len(body), *(each for each in headers if each)]
    return b"\r\n".join([*lines, b"", body])


def is_fine(method: bytes, answer: bytes) -> bool:
    """Return whether this is an answer that says what is wrong, if anything is."""
    words = answer.partition(b"\r\n")[0].split(b" ")
    if len(words) < 2 or not words[1].isdigit():
        return False
    status = int(words[1])
    text = answer.partition(b"\r\n\r\n")[2]
    if method == b"HEAD":
        return status < 600
    # The streamer answers 500 where production's does; it says why.
    return status < 500 or status == 501 or (len(text) > 20 and text != b"Internal Server Error")


def assert_nothing_broke(server: S3Server) -> None:
    assert not [line for line in server.process.log if "Traceback" in line or "Exception" in line]
    answer = exchange(server, request_of(b"GET", b"/api/my/demo/hello", b"localhost"))
    assert answer.endswith(b"hi")


@pytest.mark.parametrize("host", HOSTS, ids=bytes.decode)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS"], ids=bytes.decode)
def test_what_once_broke_something_is_answered(server: S3Server, host: bytes, method: bytes):
    for target, header in ONCE_BROKEN:
        answer = exchange(server, request_of(method, target, host, header))
        assert is_fine(method, answer), (target[:100], header, answer[:300])
    assert_nothing_broke(server)


# Values of queries, headers and documents that a reader of numbers, dates, names or digests may stumble over.
ODD = [
    "", " ", "0", "-1", "+1", "1.5", "1e3", "0x10", "²", "١٢", "\uff19", "9" * 5000, "1_0", "null",
    "\0", "a\0b", "\x7f", "é", "\u2028", "\U0001d4b3", "%", "%zz", "%00", "..", "../..", "//", "/",
    "\\", "[", "{", '"', "'", ";", ",", "=", "&", "bytes=", "bytes=-", "bytes=1-0",
    "bytes=5-" + "9" * 5000, "bytes=-" + "9" * 5000, "*", "\ud7ff", "Fri, 99 Foo 0000 99:99:99 GMT",
    "0 a 0 0 0", "Thu, 01 Jan 0001 00:00:00 +9999", "x" * 300, "x" * 9000, "AAAA", "====", "é" * 40,
    "20261127T000000Z", "99999999T999999Z", "true", "STREAMING-", "UNSIGNED-PAYLOAD",
]  # fmt: skip
NAMES = ["devel-data", "devel-web", "there", "none", "demo", "hello", "default", "_", "devel", "api", "web"]
QUERIES = [
    "list-type",
    "max-keys",
    "prefix",
    "delimiter",
    "marker",
    "start-after",
    "continuation-token",
    "encoding-type",
    "uploads",
    "uploadId",
    "partNumber",
    "part-number-marker",
    "max-parts",
    "delete",
    "location",
    "fetch-owner",
    "response-content-type",
    "response-expires",
    "limit",
    "skip",
    "count",
    "since",
    "upto",
    "blocking",
    "result",
    "overwrite",
    "timeout",
    "code",
    "X-Amz-Expires",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "Expires",
    "x",
]
HEADERS = [
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "content-md5",
    "content-type",
    "x-amz-content-sha256",
    "x-amz-decoded-content-length",
    "x-amz-copy-source",
    "x-amz-copy-source-range",
    "x-amz-checksum-crc32",
    "x-amz-checksum-sha256",
    "x-amz-trailer",
    "x-amz-meta-a",
    "x-amz-date",
    "accept",
    "x-amz-copy-source-if-modified-since",
    "x-amz-metadata-directive",
    "origin",
    "authorization",
    "cookie",
    "access-control-request-headers",
    "content-encoding",
    "x-request-id",
    "sec-fetch-site",
    "accept-encoding",
]
PATHS = [
    "/{}/{}",
    "/{}",
    "/",
    "/api/my/{}/{}",
    "/api/v1/web/{}/{}/{}",
    "/web/{}/{}/{}",
    "/action/{}/{}",
    "/api/v1/namespaces/{}/actions/{}/{}",
    "/api/v1/namespaces/{}/actions",
    "/api/v1/namespaces/_/packages/{}",
    "/api/v1/namespaces/_/activations/{}",
    "/_localops/api/activations/{}",
    "/_localops/{}",
    "/_localops/login",
    "/api/v1/web/whisk-system/nuv/login",
]
BODIES = [
    b"", b"{}", b"[]", b"null", b"\xff", b"{", b'{"a":' * 2000, b"[" * 100_000, b"9" * 5000, b'{"login":1}',
    b"<Delete/>", b"<Delete><Object><Key></Key></Object></Delete>", b"<?xml version='1.0' encoding='x'?><a/>",
    b"<?xml version='1.0' encoding='utf-7'?><a/>", b"<?xml version='1.0' encoding='big5'?><a/>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a>" * 50_000, b"password=\xff", b"\0" * 100,
    b"<CompleteMultipartUpload><Part><PartNumber>99999999</PartNumber></Part></CompleteMultipartUpload>",
    b"5\r\nhello\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"0\r\nx-amz-checksum-crc32:\r\n\r\n",
]  # fmt: skip


def odd_request(chance: random.Random, server: Any) -> bytes:
    """Return one request, signed for S3 in half of the cases, so that it comes past the signature."""
    method = chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"])
    pattern = chance.choice(PATHS)
    words = [chance.choice(NAMES if chance.random() < 0.7 else ODD) for _ in range(pattern.count("{}"))]
    path = pattern.format(*(quote(word, safe="/") for word in words))
    pairs = [(chance.choice(QUERIES), chance.choice([*ODD, "2", "url"])) for _ in range(chance.randrange(4))]
    query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
    target = path + (f"?{query}" if query else "")
    headers = {chance.choice(HEADERS): chance.choice(ODD) for _ in range(chance.randrange(4))}
    headers = {name: value.replace("\0", "").encode().decode("latin-1") for name, value in headers.items()}
    body = chance.choice(BODIES)
    host = chance.choice(HOSTS).decode()
    if chance.random() < 0.5:
        url = f"http://{host}{target}"
        headers.pop("x-amz-date", None)
        headers.pop("authorization", None)
        request = AWSRequest(method, url, data=body, headers={**headers, "host": host})
        S3SigV4Auth(Credentials("devel", server.secret), "s3", "us-east-1").add_auth(request)
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() != "host"}
    lines = [f"{name}: {value}".encode("latin-1", errors="replace") for name, value in headers.items()]
    return request_of(method.encode(), target.encode(), host.encode(), *lines, body=body)


def test_odd_requests_without_number_get_an_answer_each(server: S3Server):
    chance = random.Random(SEED)
    end, sent = time.monotonic() + FUZZ_S, 0
    while sent < MAX_REQUESTS and time.monotonic() < end:
        request = odd_request(chance, server)
        answer = exchange(server, request)
        assert is_fine(request.partition(b" ")[0], answer), (
            f"request {sent} of seed {SEED}: {request[:2000]!r}\n{answer[:500]!r}"
        )
        sent += 1
    assert sent > 100
    assert_nothing_broke(server)
