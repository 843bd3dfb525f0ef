"""S3 under the names where the page is: only what a signature proves, and never as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.client import BaseClient
from localops_process import LocalopsProcess
from s3_server import S3Server

# A busy machine may be slow to start; what is right comes long before this.
TIMEOUT_S = 60
WEB, DATA = "devel-web", "devel-data"
PASSWORD = "correct horse"
OBJECT = b"<script>evil()</script>"
ASKED = {"Bucket": WEB, "Key": "evil.html"}


@pytest.fixture
def stored(s3: BaseClient) -> None:
    s3.put_object(**ASKED, Body=OBJECT, ContentType="text/html")


def link(server: S3Server, version: str, secret: str | None = None) -> str:
    return server.client(version, secret=secret).generate_presigned_url("get_object", Params=ASKED)


def forged_links(server: S3Server) -> list[str]:
    """Return every way to name a signature without having one."""
    plain = f"{server.url}/{WEB}/evil.html"
    queries = [
        "",
        "X-Amz-Signature=x",
        "AWSAccessKeyId=devel",
        "X-Amz-Signature=x&X-Amz-Algorithm=",
        "X-Amz-Signature",
    ]
    both = [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=devel/20260101/us-east-1/s3/aws4_request&X-Amz-Signature=0",
        "X-Amz-Algorithm&X-Amz-Credential&X-Amz-Signature",
        "AWSAccessKeyId=devel&Signature=x&Expires=99999999999",
    ]
    found = [f"{plain}?{query}" for query in [*queries, *both]]
    for version in ("s3v4", "s3"):
        found += [link(server, version, "another"), link(server, version).replace(WEB, DATA)]
    return found


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("host", ["localhost", "devel.localhost", "127.0.0.1"])
def test_an_object_comes_under_another_name_only_for_a_verified_signature(server: Any, host: str):
    for forged in forged_links(server):
        found = httpx.get(forged, headers={"host": host}, timeout=TIMEOUT_S)
        assert OBJECT not in found.content, forged
        assert found.status_code in (400, 403, 404), forged


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_what_comes_there_is_no_document(server: Any, version: str):
    for url in (link(server, version), link(server, version, "another"), f"{server.url}/{DATA}/none"):
        headers = {"authorization": "AWS devel:x"} if url.endswith("none") else {}
        found = httpx.get(url, headers=headers, timeout=TIMEOUT_S)
        assert found.headers["content-security-policy"] == "sandbox"
        assert found.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(link(server, version), timeout=TIMEOUT_S).content == OBJECT


@pytest.mark.usefixtures("stored")
def test_under_its_own_name_an_object_is_what_it_is_in_a_cluster(server: Any):
    host = {"host": "s3.localhost"}
    found = httpx.get(f"{server.url}/{WEB}/evil.html?X-Amz-Signature=x", headers=host, timeout=TIMEOUT_S)
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, OBJECT, "text/html")
    assert "content-security-policy" not in found.headers


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Provide a server that other machines could reach."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "packages").mkdir()
    environment = {"LOCALOPS_PASSWORD": PASSWORD}
    with LocalopsProcess("--host", "0.0.0.0", project=folder, environment=environment) as process:
        process.url = f"http://127.0.0.1:{process.url.rsplit(':', 1)[1]}"
        yield S3Server(folder, process)


def test_only_a_verified_signature_stands_for_the_password(open_server: S3Server):
    open_server.client().put_object(**ASKED, Body=OBJECT, ContentType="text/html")
    for version in ("s3v4", "s3"):
        assert httpx.get(link(open_server, version), timeout=TIMEOUT_S).content == OBJECT
    for forged in forged_links(open_server):
        for host in ("localhost", "s3.localhost", "devel.localhost"):
            found = httpx.get(forged, headers={"host": host}, timeout=TIMEOUT_S)
            assert (found.status_code, OBJECT in found.content) in ((401, False), (403, False)), (
                forged,
                host,
            )


@pytest.mark.parametrize("authorization", ["AWS devel:x", "AWS4-HMAC-SHA256 x", "AWS4-HMAC-SHA256", "AWS x"])
@pytest.mark.parametrize("path", ["/", "/api/v1/namespaces", "/_localops/api/variables", f"/{WEB}/evil.html"])
def test_a_header_that_claims_a_signature_opens_nothing(open_server: S3Server, path: str, authorization: str):
    url, headers = open_server.url + path, {"authorization": authorization}
    assert httpx.get(url, headers=headers, timeout=TIMEOUT_S).status_code == 401


@pytest.mark.parametrize("host", ["localhost", "s3.localhost", "devel.localhost"])
@pytest.mark.parametrize("bucket", [DATA, WEB])
def test_a_form_that_posts_a_file_is_told_that_it_is_not_done(server: Any, bucket: str, host: str):
    form = server.client().generate_presigned_post(bucket, "upload/x")
    headers = {"host": host, "origin": "http://elsewhere"}
    answer = httpx.post(
        f"{server.url}/{bucket}",
        data=form["fields"],
        files={"file": b"hello"},
        headers=headers,
        timeout=TIMEOUT_S,
    )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (501, "*")
    assert (
        "does not take a file that a form posts (presigned POST); S3 may. Use a presigned PUT." in answer.text
    )
