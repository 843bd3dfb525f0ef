"""Small archives that would be large once unpacked, sent over REST."""

from __future__ import annotations

import base64
import copy
import io
import struct
import zipfile
from pathlib import Path

import pytest
from cloud import WEB, Cloud
from localops_process import LocalopsProcess
from process_figures import memory_mb, needs_proc

MIB = 1024 * 1024
MAIN = "def main(args): return {'body': {'hello': 'world'}}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bombs")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "hello.py").write_text(f"#--web true\n{MAIN}")
    return folder


def many_entries(count: int) -> bytes:
    """Return an archive that is nothing but a directory of so many files."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 6, *[0] * 3, 1, *[0] * 4, *[0] * 2) + b"x"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0, 0, count * len(entry), 0, 0)
    return b"PK\x03\x04" + entry * count + end


def overlapping(count: int, size: int) -> bytes:
    """Return an archive whose entries are all made of the same few bytes, each unpacking to `size`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__main__.py", bytes(size))
        [entry] = archive.filelist
        for number in range(count):
            again = copy.copy(entry)
            again.filename = f"{number}"
            archive.filelist.append(again)
    return buffer.getvalue()


def nested(depth: int) -> bytes:
    """Return a bomb in an archive in an archive and so on."""
    data = bytes(MIB)
    for _ in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("__main__.py", MAIN)
            for number in range(10):
                archive.writestr(f"{number}.zip", data)
        data = buffer.getvalue()
    return data


def deep(levels: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/" * levels + "x", b"")
    return buffer.getvalue()


@needs_proc
@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (many_entries(300_000), "holds more files than allowed: 300000 > 50000"),
        (overlapping(2000, MIB), "holds more than allowed: "),
        (deep(1900), "The zip archive "),
    ],
    ids=["many entries", "overlapping entries", "deep folders"],
)
def test_a_zip_bomb_is_refused_before_it_goes_off(
    running: LocalopsProcess, cloud: Cloud, project: Path, archive: bytes, reason: str
):
    before = memory_mb(running.process.pid, "VmHWM")
    answer = cloud.put("demo/bomb", base64.b64encode(archive).decode())
    assert (answer.status_code, reason in answer.json()["error"]) == (400, True)
    assert memory_mb(running.process.pid, "VmHWM") - before < 200
    assert not list((project / ".localops" / "uploads").glob("*"))
    assert cloud.web("demo/hello").json() == {"hello": "world"}


def test_archives_in_an_archive_stay_packed(cloud: Cloud):
    code = base64.b64encode(nested(5)).decode()
    cloud.deploy("demo/nested", code, annotations=WEB)
    assert cloud.web("demo/nested").json() == {"hello": "world"}
    assert cloud.call("DELETE", "actions/demo/nested").status_code == 200
