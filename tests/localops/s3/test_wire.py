"""S3 at the level of HTTP: what browsers ask first, what is cut short, what does not fit."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from localops_process import LocalopsProcess

# A busy machine may be slow to start an action; what is right comes long before this.
TIMEOUT_S = 60

BUCKET = "devel-data"
MIB = 1024 * 1024
CLIENT = Path(__file__).with_name("minio_client.mjs")


def signed(server: Any, method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, str]:
    """Return the headers of a request that botocore signs."""
    request = AWSRequest(method, server.url + path, data=body, headers=headers)
    S3SigV4Auth(Credentials("devel", server.secret), "s3", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def eventually(holds: Callable[[], bool], timeout_s: float = 10) -> bool:
    deadline = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < deadline:
        os.sched_yield()
    return holds()


def test_a_browser_may_ask_from_any_page(server: Any):
    asked = {
        "origin": "http://devel.localhost:3233",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,x-amz-checksum-crc32,x-amz-date",
    }
    found = httpx.options(f"{server.url}/{BUCKET}/upload/x?x-id=PutObject", headers=asked, timeout=TIMEOUT_S)
    assert (found.status_code, found.headers["access-control-allow-origin"]) == (200, "*")
    assert found.headers["access-control-allow-headers"] == asked["access-control-request-headers"]
    assert "PUT" in found.headers["access-control-allow-methods"]
    answer = httpx.put(
        f"{server.url}/{BUCKET}/x", headers=signed(server, "PUT", f"/{BUCKET}/x"), timeout=TIMEOUT_S
    )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_an_error_is_a_document_with_its_code(server: Any):
    path = f"/{BUCKET}/none%3C"
    found = httpx.get(server.url + path, headers=signed(server, "GET", path), timeout=TIMEOUT_S)
    assert (found.status_code, found.headers["content-type"]) == (404, "application/xml")
    assert "<Code>NoSuchKey</Code>" in found.text
    assert f"<Resource>/{BUCKET}/none&lt;</Resource>" in found.text
    assert f"<RequestId>{found.headers['x-amz-request-id']}</RequestId>" in found.text


def test_anybody_may_read_what_the_site_shows_and_nothing_else(server: Any, s3: BaseClient):
    s3.put_object(Bucket="devel-web", Key="index.html", Body=b"hello")
    s3.put_object(Bucket=BUCKET, Key="secret", Body=b"hello")
    host = {"host": "s3.localhost"}
    assert httpx.get(f"{server.url}/devel-web/index.html", headers=host, timeout=TIMEOUT_S).text == "hello"
    for method, path in (
        ("GET", f"/{BUCKET}/secret"),
        ("GET", "/devel-web"),
        ("PUT", "/devel-web/index.html"),
        ("DELETE", "/devel-web/index.html"),
        ("GET", "/"),
    ):
        found = httpx.request(method, server.url + path, headers=host, timeout=TIMEOUT_S)
        assert (found.status_code, "<Code>AccessDenied</Code>" in found.text) == (403, True)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("PATCH", f"/{BUCKET}/x", "MethodNotAllowed"),
        ("GET", f"/{BUCKET}?max-keys=many", "InvalidArgument"),
        ("GET", f"/{BUCKET}?list-type=2&continuation-token=%21", "InvalidArgument"),
        ("GET", f"/{BUCKET}/x?acl", "NotImplemented"),
        ("GET", f"/{BUCKET}/%FF", "InvalidURI"),
        ("PUT", f"/{BUCKET}/x?partNumber=0&uploadId=none", "NoSuchUpload"),
        ("POST", f"/{BUCKET}?delete", "MalformedXML"),
        ("POST", f"/{BUCKET}/x?uploadId=none", "NoSuchUpload"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_code(server: Any, method: str, path: str, code: str):
    found = httpx.request(method, server.url + path, headers=signed(server, method, path), timeout=TIMEOUT_S)
    assert f"<Code>{code}</Code>" in found.text


def test_a_header_that_a_url_sets_cannot_break_the_answer(server: Any, s3: BaseClient):
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"")
    asked = {"Bucket": BUCKET, "Key": "x", "ResponseContentType": "a\r\nset-cookie: b=c"}
    url = server.client().generate_presigned_url("get_object", Params=asked)
    found = httpx.get(url, timeout=TIMEOUT_S)
    assert (found.status_code, "InvalidArgument" in found.text) == (400, True)


def test_the_body_must_be_the_one_that_was_signed(server: Any):
    headers = signed(server, "PUT", f"/{BUCKET}/x", b"signed")
    found = httpx.put(f"{server.url}/{BUCKET}/x", content=b"forged", headers=headers, timeout=TIMEOUT_S)
    assert (found.status_code, "XAmzContentSHA256Mismatch" in found.text) == (400, True)
    assert server.stored_files() == []


def test_a_presigned_url_ends_with_its_time(server: Any, s3: BaseClient):
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"")
    asked = {"Bucket": BUCKET, "Key": "x"}
    url = server.client().generate_presigned_url("get_object", Params=asked, ExpiresIn=1)
    assert eventually(lambda: "Request has expired" in httpx.get(url, timeout=TIMEOUT_S).text)
    old = server.client("s3").generate_presigned_url("get_object", Params=asked, ExpiresIn=-1)
    assert "Request has expired" in httpx.get(old, timeout=TIMEOUT_S).text


def test_chunks_as_streaming_clients_send_them_are_unwrapped(server: Any, s3: BaseClient):
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    said = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    headers = signed_as(server, f"/{BUCKET}/x", said)
    assert (
        httpx.put(f"{server.url}/{BUCKET}/x", content=body, headers=headers, timeout=TIMEOUT_S).status_code
        == 200
    )
    found = s3.get_object(Bucket=BUCKET, Key="x")
    assert (found["Body"].read(), "ContentEncoding" in found) == (b"hello", False)
    wrong = httpx.put(
        f"{server.url}/{BUCKET}/y",
        content=body.replace(b"hello", b"hullo"),
        headers=signed_as(server, f"/{BUCKET}/y", said),
        timeout=TIMEOUT_S,
    )
    assert "<Code>BadDigest</Code>" in wrong.text


def signed_as(server: Any, path: str, headers: dict[str, str]) -> dict[str, str]:
    """Sign a request whose payload is named by a word."""

    class WordSigner(S3SigV4Auth):
        def payload(self, request: AWSRequest) -> str:  # noqa: ARG002 - the shape of botocore
            return headers["x-amz-content-sha256"]

    request = AWSRequest("PUT", server.url + path, headers=headers)
    WordSigner(Credentials("devel", server.secret), "s3", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def send_half(server: Any, headers: dict[str, str]) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=10)
    lines = [f"PUT /{BUCKET}/x HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    connection.sendall("\r\n".join([*lines, f"Host: {server.url[7:]}", "", ""]).encode())
    return connection


def test_a_body_that_breaks_off_is_not_stored(server: Any, s3: BaseClient):
    headers = signed(server, "PUT", f"/{BUCKET}/x", b"x" * 3 * MIB)
    with send_half(server, {**headers, "content-length": str(3 * MIB)}) as connection:
        connection.sendall(b"x" * 2 * MIB)
        assert eventually(lambda: len(server.stored_files()) == 1)
    assert eventually(lambda: server.stored_files() == [])
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_refused_client_need_not_send_its_body(server: Any):
    headers = {**signed(server, "PUT", f"/{BUCKET}/other", b""), "expect": "100-continue"}
    with send_half(server, {**headers, "content-length": "1000000"}) as connection:
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert "403" in answer.splitlines()[0]
    assert "connection: close" in answer


def test_a_body_of_unknown_length_is_refused(server: Any):
    headers = signed(server, "PUT", f"/{BUCKET}/x")
    found = httpx.put(f"{server.url}/{BUCKET}/x", content=iter([b"x"]), headers=headers, timeout=TIMEOUT_S)
    assert (found.status_code, "MissingContentLength" in found.text) == (411, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets the limits of another process")
def test_a_full_disk_is_said_and_leaves_what_was_there(server: Any, s3: BaseClient):
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"old")
    pid = server.process.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (2 * MIB, before[1]))
    try:
        with pytest.raises(ClientError) as error:
            s3.put_object(Bucket=BUCKET, Key="x", Body=b"new" * MIB)
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
    assert "The disk is full" in str(error.value)
    assert s3.get_object(Bucket=BUCKET, Key="x")["Body"].read() == b"old"
    assert len(server.stored_files()) == 1


@pytest.mark.parametrize("damaged", ["index", "folder", "object"])
def test_what_cannot_be_used_on_disk_is_said_to_the_client_and_on_the_console(tmp_path: Path, damaged: str):
    (tmp_path / "packages").mkdir()
    kept = tmp_path / ".localops" / "s3"
    if damaged == "index":
        (kept / "objects").mkdir(parents=True)
        (kept / "index.sqlite").write_text("this is no database" * 100)
    with LocalopsProcess(project=tmp_path) as running:
        secret = json.loads((tmp_path / ".localops" / "credentials.json").read_text())["s3_secret_key"]
        server = SimpleNamespace(url=running.url, secret=secret)

        def ask(method: str, body: bytes = b"") -> httpx.Response:
            headers = signed(server, method, f"/{BUCKET}/x", body)
            url = f"{running.url}/{BUCKET}/x"
            return httpx.request(method, url, headers=headers, content=body, timeout=TIMEOUT_S)

        if damaged == "folder":
            kept.write_text("in the way")
        if damaged == "object":
            assert ask("PUT", b"x").status_code == 200
            next((kept / "objects").iterdir()).unlink()
        answer = ask("GET")
        assert (answer.status_code, "<Code>InternalError</Code>" in answer.text) == (500, True)
        assert "cannot use what it keeps in .localops/s3 of the project" in answer.text
        running.wait_for_line("warning: s3: localops cannot use what it keeps in .localops/s3")
        assert not [line for line in running.log if "Traceback" in line]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process as Linux shows it")
def test_an_object_goes_to_disk_and_not_into_memory(server: Any, s3: BaseClient):
    def most_memory_kb() -> int:
        status = Path(f"/proc/{server.process.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    s3.put_object(Bucket=BUCKET, Key="small", Body=b"x" * 4 * MIB)
    before = most_memory_kb()
    s3.put_object(Bucket=BUCKET, Key="large", Body=b"x" * 128 * MIB)
    assert len(s3.get_object(Bucket=BUCKET, Key="large")["Body"].read()) == 128 * MIB
    assert most_memory_kb() - before < 32 * 1024


def test_everything_lies_where_only_the_owner_reads(server: Any, s3: BaseClient):
    s3.put_object(Bucket=BUCKET, Key="../../escape", Body=b"x")
    folder = server.private / "s3"
    assert folder.stat().st_mode & 0o077 == 0 or server.private.stat().st_mode & 0o077 == 0
    assert {path.name for path in folder.iterdir()} <= {
        "objects",
        "index.sqlite",
        "index.sqlite-wal",
        "index.sqlite-shm",
    }
    assert not list(server.private.parent.rglob("*escape*"))


def test_an_uploaded_site_is_shown_under_the_name_of_the_user(server: Any, s3: BaseClient):
    def page(path: str, host: str = "devel.localhost") -> tuple[int, str]:
        found = httpx.get(server.url + path, headers={"host": host}, timeout=TIMEOUT_S)
        return found.status_code, found.text

    assert page("/") == (200, "the page on disk")
    for key, kind in (
        ("index.html", "text/html"),
        ("js/app.js", "text/javascript"),
        ("docs/index.html", "x/y"),
    ):
        s3.put_object(Bucket="devel-web", Key=key, Body=f"uploaded {key}", ContentType=kind)
    assert page("/") == (200, "uploaded index.html")
    assert page("/js/app.js") == (200, "uploaded js/app.js")
    assert page("/docs") == page("/docs/") == (200, "uploaded docs/index.html")
    assert page("/chat/any/where") == (200, "uploaded index.html")
    assert page("/local.css") == (200, "from disk")
    assert page("/none.js")[0] == 404
    assert page("/", "localhost") == (200, "the page on disk")


def test_what_the_site_of_a_cluster_would_answer_is_told_once(server: Any, s3: BaseClient):
    s3.put_object(Bucket="devel-web", Key="LICENSE", Body=b"free")
    server.process.forget_lines()
    for _ in range(2):
        for path, status in (("/none.svg", 404), ("/LICENSE", 200), ("/last.css", 404)):
            found = httpx.get(server.url + path, headers={"host": "devel.localhost"}, timeout=TIMEOUT_S)
            assert found.status_code == status
    server.process.wait_for_line("there is no /last.css; in production")
    told = [line.partition(" ")[2] for line in server.process.log if "in production the site" in line]
    assert (
        told.count("there is no /none.svg; in production the site answers with its index page and status 200")
        == 1
    )
    text = "/LICENSE has no extension; in production the site shows its index page instead of such a file"
    assert told.count(text) == 1


def test_an_unchanged_page_is_not_sent_again(server: Any, s3: BaseClient):
    etag = s3.put_object(Bucket="devel-web", Key="index.html", Body=b"x")["ETag"]
    asked = {"host": "devel.localhost", "if-none-match": etag}
    assert httpx.get(server.url, headers=asked, timeout=TIMEOUT_S).status_code == 304


@pytest.fixture
def node() -> str:
    """Node with minio's client beside it."""
    found = shutil.which("node")
    if found is None or not (Path(__file__).parents[2] / "node_modules" / "minio").is_dir():
        if os.environ.get("LOCALOPS_REQUIRE_ALL"):
            pytest.fail("minio's client must be tested, and there is no node or no tests/node_modules")
        pytest.skip("no node, or no tests/node_modules: run `python3 -m localops check` once")
    return found


def test_minios_client_uploads_lists_and_cleans_as_the_uploader_does(server: Any, node: str):
    done = subprocess.run(
        [node, str(CLIENT)],
        env={**os.environ, "S3_API_URL": server.url, "S3_SECRET_KEY": server.secret},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["exists"] is True
    assert answer["uploaded"] == {"etag": "5d41402abc4b2a76b9719d911017c592", "type": "text/javascript"}
    assert answer["content"] == "hello"
    assert answer["large"] == 12 * MIB
    assert answer["keys"] == ["/leading//slashes", "large", "sp ace.js"]
    assert answer["fetched"] == "hello"
    assert answer["wrongKey"] == "SignatureDoesNotMatch"
    assert answer["missing"] == "NoSuchKey"
    assert answer["left"] == []
