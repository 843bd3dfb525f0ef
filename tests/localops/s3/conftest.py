"""A running localops with its S3, and a real client for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient, Config
from localops_process import LocalopsProcess

DATA = "devel-data"
WEB = "devel-web"


class S3Server:
    """localops serving a project of one action.

    Attributes:
        url: plain `http://localhost:PORT`, which resolves everywhere.
        secret: the secret key of the user `devel`.
    """

    def __init__(self, folder: Path, process: LocalopsProcess) -> None:
        self.process = process
        self.url = process.url
        self.private = folder / ".localops"
        self.secret = json.loads((self.private / "credentials.json").read_text())["s3_secret_key"]

    @cache  # noqa: B019 - there is one server for all tests
    def client(self, signature: str = "s3v4", user: str = "devel", secret: str | None = None) -> BaseClient:
        """A boto3 client as the actions and `ops ai chat` make it."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=user,
            aws_secret_access_key=secret or self.secret,
            config=Config(
                signature_version=signature,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

    def stored_files(self) -> list[Path]:
        """What lies on disk for all objects together."""
        return list((self.private / "s3" / "objects").iterdir())


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
    """The server with empty buckets and no upload under way."""
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
