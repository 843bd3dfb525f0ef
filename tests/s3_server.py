"""The S3 of a running localops, and real clients for it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import boto3
from botocore.client import BaseClient, Config
from localops_process import LocalopsProcess


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
        """Make a boto3 client as the actions and `ops ai chat` make it."""
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
        """Return what lies on disk for all objects together."""
        return list((self.private / "s3" / "objects").iterdir())
