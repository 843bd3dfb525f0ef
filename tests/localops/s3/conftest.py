"""A running localops with its S3, and a real client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient
from localops_process import LocalopsProcess
from s3_server import S3Server

DATA = "devel-data"
WEB = "devel-web"


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    folder = tmp_path_factory.mktemp("s3")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "web").mkdir()
    (folder / "web" / "index.html").write_text("the page on disk")
    (folder / "web" / "local.css").write_text("from disk")
    with LocalopsProcess(project=folder) as process:
        yield S3Server(folder, process)


@pytest.fixture
def server(s3_server: S3Server) -> Iterator[S3Server]:
    """Provide the server with empty buckets and no upload under way."""
    yield s3_server
    s3 = s3_server.client()
    for bucket in (DATA, WEB):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            if found := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": found})
        for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    assert s3_server.stored_files() == []


@pytest.fixture
def s3(server: S3Server) -> BaseClient:
    return server.client()
