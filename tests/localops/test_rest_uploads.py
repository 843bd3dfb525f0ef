"""Archives that should not be trusted, sent over REST, and packages that come in one."""

from __future__ import annotations

import base64
import io
import stat
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cloud import WEB, Cloud, zipped
from localops_process import LocalopsProcess

MAIN = "def main(args): return {'body': 'ran'}\n"
LINK = stat.S_IFLNK | 0o777


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "packages").mkdir()
    return folder


@pytest.fixture(scope="module", autouse=True)
def package(cloud: Cloud) -> None:
    cloud.call("PUT", "packages/zips", json={})


def archive(*entries: tuple[str, bytes, int], main: str = MAIN, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of entries given by name, content and mode, with a main file before them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as file:
        for name, content, mode in (("__main__.py", main.encode(), 0o644), *entries):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = method
            file.writestr(info, content)
    return buffer.getvalue()


def encrypted() -> bytes:
    """Return an archive whose last entry says that it needs a password."""
    data = bytearray(archive(("secret", b"x", FILE), method=zipfile.ZIP_STORED))
    for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(signature) + flags_at] |= 1
    return bytes(data)


def lying(size: int) -> bytes:
    """Return an archive whose directory says that the last entry is this large."""
    data = bytearray(archive(("data", b"x" * 1000, FILE)))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, size)
    return bytes(data)


def bomb() -> bytes:
    """Under a megabyte that unpacks to 640 MiB."""
    return archive(*((f"zeros_{number}", bytes(16 * 1024 * 1024), FILE) for number in range(40)))


def many() -> bytes:
    return archive(*((f"f{number}", b"", FILE) for number in range(50_001)))


FILE = 0o644
OUTSIDE = "would write outside of its folder: "
NOWHERE = "holds a link without a target: link"
MISFIT = "holds a name that the file system refuses"
TOO_LARGE = "holds more than allowed: "
# name -> what makes the archive, what is said of it
UNTRUSTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "parent": (lambda: archive(("../escaped", b"x", FILE)), f"{OUTSIDE}../escaped"),
    "parent inside": (lambda: archive(("a/../../escaped", b"x", FILE)), f"{OUTSIDE}a/../../escaped"),
    "parent alone": (lambda: archive(("a/..", b"x", FILE)), f"{OUTSIDE}a/.."),
    "absolute": (lambda: archive(("/escaped", b"x", FILE)), f"{OUTSIDE}/escaped"),
    "empty link": (lambda: archive(("link", b"", LINK)), NOWHERE),
    "link with a NUL": (lambda: archive(("link", b"a\0b", LINK)), NOWHERE),
    "through a link": (lambda: archive(("link", b".", LINK), ("link/escaped", b"x", FILE)), MISFIT),
    "file as a folder": (lambda: archive(("file", b"x", FILE), ("file/inside", b"x", FILE)), MISFIT),
    "folder as a file": (lambda: archive(("folder/x", b"x", FILE), ("folder", b"x", FILE)), MISFIT),
    "long name": (lambda: archive(("x" * 300, b"x", FILE)), MISFIT),
    "many files": (many, "more files than allowed: 50002 > 50000"),
    "bomb": (bomb, f"{TOO_LARGE}671088679 > 536870912 bytes unpacked"),
    "says more than it holds": (lambda: lying(0xFFFFFFF0), TOO_LARGE),
    "says less than it holds": (lambda: lying(10), "cannot be read"),
    "encrypted": (encrypted, "cannot be read"),
    "other compression": (
        lambda: archive(("b", b"x", FILE), method=zipfile.ZIP_LZMA),
        "compressed in a way that the runtime cannot read",
    ),
    "cut": (lambda: archive()[:-30], "cannot be read"),
    "no zip": (lambda: b"PK\x03\x04 and no more", "cannot be read"),
}


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_an_archive_that_cannot_be_trusted_is_refused_and_leaves_nothing(
    cloud: Cloud, project: Path, kind: str
):
    make, part = UNTRUSTED[kind]
    answer = cloud.put("zips/bad", base64.b64encode(make()).decode(), annotations=WEB)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The zip archive ")
    assert part in answer.json()["error"]
    assert cloud.web("zips/bad").status_code == 404
    uploads = project / ".localops" / "uploads"
    assert [path.name for path in uploads.iterdir() if "unfinished" in path.name] == []
    assert not list(project.parent.rglob("escaped"))
    assert not Path("/escaped").exists()


def test_links_that_stay_inside_are_kept(cloud: Cloud):
    data = archive(
        ("data/x.json", b"[1]", FILE),
        ("data/same.json", b"x.json", LINK),
        ("linked", b"data", LINK),
        ("here", b".", LINK),
        main="import json\ndef main(args): return {'body': json.load(open('linked/same.json'))}\n",
    )
    cloud.deploy("zips/links", base64.b64encode(data).decode(), annotations=WEB)
    assert cloud.web("zips/links").json() == [1]


def test_links_that_lead_out_are_left_out(cloud: Cloud, running: LocalopsProcess):
    running.forget_lines()
    data = archive(
        ("bin/python", b"/usr/bin/python3", LINK),
        ("bin/python3", b"python", LINK),
        ("passwords", b"/etc/passwd", LINK),
        ("above", b"../../..", LINK),
        ("folder/up", b"..", LINK),
        ("folder/out", b"up/..", LINK),
        main="import os\ndef main(args): return {'body': sorted(os.listdir('.') + os.listdir('folder'))}\n",
    )
    cloud.deploy("zips/out", base64.b64encode(data).decode(), annotations=WEB)
    expected = "bin/python, bin/python3, passwords, above, folder/out"
    assert expected in running.wait_for_line("left out of an uploaded zip")
    assert cloud.web("zips/out").json() == ["bin", "folder", "main__.py", "up"]


def test_the_later_of_two_entries_of_one_name_counts(cloud: Cloud):
    main = "import words\ndef main(args): return {'body': words.TEXT}\n"
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive(("words.py", b"TEXT = 'old'", FILE), ("words.py", b"TEXT = 'new'", FILE), main=main)
    cloud.deploy("zips/twice", base64.b64encode(data).decode(), annotations=WEB)
    assert cloud.web("zips/twice").text == "new"


def test_what_may_be_run_stays_so_and_nothing_else(cloud: Cloud):
    source = (
        "import os\n"
        "def main(args):\n"
        "    return {'body': {name: oct(os.stat(name).st_mode & 0o777) for name in os.listdir('.')}}\n"
    )
    data = archive(("tool", b"x", stat.S_IFREG | 0o4777), ("data", b"x", stat.S_IFREG | 0o666), main=source)
    cloud.deploy("zips/rights", base64.b64encode(data).decode(), annotations=WEB)
    assert cloud.web("zips/rights").json() == {"main__.py": "0o600", "tool": "0o700", "data": "0o600"}


def test_folders_without_entries_of_their_own_and_dots_are_fine(cloud: Cloud):
    data = archive(
        ("./a/b/c.txt", b"x", FILE), ("./", b"", stat.S_IFDIR | 0o755), ("empty/", b"", stat.S_IFDIR)
    )
    cloud.deploy("zips/dots", base64.b64encode(data).decode(), annotations=WEB)
    assert cloud.web("zips/dots").text == "ran"


def test_the_same_code_is_kept_once(cloud: Cloud, project: Path):
    uploads = project / ".localops" / "uploads"
    before = len(list(uploads.iterdir()))
    code = zipped({"__main__.py": MAIN + "# the same\n"})
    for name in ("zips/one", "zips/two"):
        cloud.deploy(name, code, annotations=WEB)
    assert len(list(uploads.iterdir())) == before + 1
    cloud.call("DELETE", "actions/zips/one")
    assert cloud.web("zips/two").text == "ran"


def test_packages_that_come_in_a_virtualenv_can_be_imported(cloud: Cloud):
    version = "{}.{}".format(*sys.version_info[:2])
    activate = (
        "import os, sys\n"
        "base = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n"
        f"sys.path.insert(0, os.path.join(base, 'lib', 'python{version}', 'site-packages'))\n"
    )
    code = zipped(
        {
            "__main__.py": "import brought\ndef main(args): return {'body': brought.WORD}\n",
            "virtualenv/bin/activate_this.py": activate,
            f"virtualenv/lib/python{version}/site-packages/brought.py": "WORD = 'from the virtualenv'\n",
        }
    )
    cloud.deploy("zips/packages", code, annotations=WEB)
    assert cloud.web("zips/packages").text == "from the virtualenv"
