"""A disk that fills while things are saved, and a kill on top of it: what was answered as saved is there."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import boto3
import httpx
import pytest
from botocore.client import BaseClient, Config
from botocore.exceptions import BotoCoreError, ClientError
from cloud import WEB, cloud_of
from localops_process import LocalopsProcess
from waiting import eventually

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets another process's limits be set"
)

BUCKET = "devel-data"
SOURCE = "def main(args): return {{'body': '{}'}}\n"
SAVERS = 2
# Nothing that is saved fits, for all of it is listed in a file that is longer.
FULL_BYTES = 1000
ENOUGH = 5
DEADLINE_S = 120


class Desk:
    """A localops, its REST API and its S3."""

    def __init__(self, project: Path) -> None:
        self.running = LocalopsProcess(project=project, environment={"OLLAMA_HOST": "127.0.0.1:9"})
        self.cloud = cloud_of(self.running.url, project)
        secret = json.loads((project / ".localops" / "credentials.json").read_text())["s3_secret_key"]
        self.s3: BaseClient = boto3.client(
            "s3",
            endpoint_url=self.running.url,
            region_name="us-east-1",
            aws_access_key_id="devel",
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def most_file_bytes(self, most: int) -> None:
        resource.prlimit(self.running.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def close(self) -> None:
        self.cloud.session.close()
        self.s3.close()
        self.running.__exit__(None, None, None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    (tmp_path / "packages" / "demo" / "hello.py").write_text("#--web true\n" + SOURCE.format("hello"))
    return tmp_path


@pytest.fixture
def desk(project: Path) -> Iterator[Desk]:
    desk = Desk(project)
    yield desk
    desk.close()


class Saver:
    """Saves one thing after another until it is told to stop, and knows which were answered as saved.

    Attributes:
        saved: the names that were, each with the content of the same name.
        refused: how many were not.
        refusals: with which HTTP statuses and words these were answered.
    """

    expected: tuple[int, str]

    def __init__(self, desk: Desk, number: int) -> None:
        self.desk = desk
        self.number = number
        self.saved: list[str] = []
        self.refused = 0
        self.refusals: set[tuple[int, str]] = set()

    def run(self, stop: Event) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            name = f"n{self.number}-{count}"
            if self.save(name):
                self.saved.append(name)
            else:
                self.refused += 1

    def save(self, name: str) -> bool:
        raise NotImplementedError

    def found(self, desk: Desk, name: str) -> str:
        raise NotImplementedError


class Deployer(Saver):
    """Over REST."""

    expected = (500, "make room there and try again")

    def save(self, name: str) -> bool:
        auth = (self.desk.cloud.auth.partition(":")[0], self.desk.cloud.auth.partition(":")[2])
        body = {
            "exec": {"kind": "python:default", "code": SOURCE.format(name)},
            "annotations": [{"key": key, "value": value} for key, value in WEB.items()],
        }
        url = f"{self.desk.cloud.apihost}/api/v1/namespaces/_/actions/demo/{name}"
        try:
            answer = httpx.put(f"{url}?overwrite=true", json=body, auth=auth, timeout=60)
        except httpx.TransportError:
            return False
        if answer.status_code == 200:
            return True
        assert answer.json()["code"]
        self.refusals.add((answer.status_code, answer.json()["error"].rpartition("; ")[2]))
        return False

    def found(self, desk: Desk, name: str) -> str:
        return desk.cloud.web(f"demo/{name}").text


class Uploader(Saver):
    """Into the bucket."""

    expected = (507, "XMinioStorageFull")

    def save(self, name: str) -> bool:
        try:
            self.desk.s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode())
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            self.refusals.add((status, error.response["Error"]["Code"]))
            return False
        except BotoCoreError:
            return False
        return True

    def found(self, desk: Desk, name: str) -> str:
        return desk.s3.get_object(Bucket=BUCKET, Key=name)["Body"].read().decode()


def test_what_was_answered_as_saved_outlives_a_full_disk_and_a_kill(desk: Desk, project: Path):
    savers = [kind(desk, number) for number in range(SAVERS) for kind in (Deployer, Uploader)]
    stop = Event()
    with ThreadPoolExecutor(len(savers)) as pool:
        running = [pool.submit(saver.run, stop) for saver in savers]
        try:
            for full in (False, True, False, True, False):
                desk.most_file_bytes(FULL_BYTES if full else resource.RLIM_INFINITY)
                done = [saver.refused if full else len(saver.saved) for saver in savers]
                assert eventually(lambda full=full, done=done: all_went_on(savers, full, done), DEADLINE_S)
            os.kill(desk.running.process.pid, signal.SIGKILL)
        finally:
            stop.set()
        for each in running:
            each.result(DEADLINE_S)
    again = Desk(project)
    try:
        assert again.cloud.web("demo/hello").text == "hello"
        for saver in savers:
            # Those that the kill was close to, and those that the full disk was.
            names = [*saver.saved[: 3 * ENOUGH : 4], *saver.saved[-ENOUGH:]]
            assert [saver.found(again, name) for name in names] == names
            assert saver.refusals == {saver.expected}
            saver.desk = again
            assert saver.save("after")
    finally:
        again.close()


def all_went_on(savers: Sequence[Saver], full: bool, done: list[int]) -> bool:
    """Return whether since then every saver was refused, or answered, several times."""
    now = [saver.refused if full else len(saver.saved) for saver in savers]
    return all(count - before >= ENOUGH for count, before in zip(now, done, strict=True))
