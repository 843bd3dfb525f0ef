"""Unpack zip archives without trusting them, and pack an action's folder as the deployer does.

Source: apache/openserverless-task ide/util/opsfile.yml (what goes into one), apache/openserverless-runtimes
openwhisk/zip.go (what comes out of one; it checks nothing).
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from localops.errors import RequestError

# A virtualenv with the largest packages that fit into 48 MB stays well below both.
_MAX_BYTES = 512 * 1024 * 1024
_MAX_FILES = 50_000
_MAX_LINK_BYTES = 4096
# Stands before each entry of the directory. Source: PKWARE APPNOTE.TXT 4.3.12.
_DIRECTORY_ENTRY = b"PK\x01\x02"
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
# The runtime unpacks no others.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NOT_PACKED = ("virtualenv", "__pycache__", "requirements.txt")


def is_archive(data: bytes) -> bool:
    return data.startswith(_MAGIC)


def unpack(data: bytes, folder: Path) -> list[str]:
    """Unpack an archive into an empty folder.

    Returns:
        The links that were left out, because they lead out of the folder, as `virtualenv/bin/python` does.

    Raises:
        RequestError: it is damaged or too large, or something in it would lie outside of the folder; what
            was unpacked until then is still there.
        OSError: the disk does not take it.
    """
    # Counted in the bytes: reading the directory makes a large object of every entry.
    _refuse_many(data.count(_DIRECTORY_ENTRY))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpack_entries(archive, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError) as error:
        raise _refused(f"cannot be read: {error}") from error
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG):
            raise
        raise _refused(f"holds a name that the file system refuses: {error.strerror}") from error


def _refused(reason: str) -> RequestError:
    return RequestError(400, f"The zip archive {reason}.")


def _refuse_many(files: int) -> None:
    if files > _MAX_FILES:
        raise _refused(f"holds more files than allowed: {files} > {_MAX_FILES}")


def _unpack_entries(archive: zipfile.ZipFile, folder: Path) -> list[str]:
    entries = archive.infolist()
    # An entry never gives more bytes than it says: what says less than it holds is damaged.
    size = sum(entry.file_size for entry in entries)
    if size > _MAX_BYTES:
        raise _refused(f"holds more than allowed: {size} > {_MAX_BYTES} bytes unpacked")
    links: dict[Path, str] = {}
    for entry in entries:
        path = folder / _inner_path(entry)
        if entry.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(entry.external_attr >> 16):
            links[path] = _link_target(archive, entry)
        else:
            _unpack_file(archive, entry, path)
    # Links come last: nothing can be written through one.
    return _make_links(links, folder)


def _inner_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(f"would write outside of its folder: {entry.filename}")
    if entry.compress_type not in _METHODS:
        raise _refused(f"is compressed in a way that the runtime cannot read: {entry.filename}")
    return path


def _unpack_file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    rights = 0o700 if entry.external_attr >> 16 & stat.S_IXUSR else 0o600
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, rights)
    with open(descriptor, "wb") as target, archive.open(entry) as source:
        shutil.copyfileobj(source, target)


def _link_target(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    with archive.open(entry) as source:
        target = source.read(_MAX_LINK_BYTES)
    if b"\0" in target or not target:
        raise _refused(f"holds a link without a target: {entry.filename}")
    return os.fsdecode(target)


def _make_links(links: dict[Path, str], folder: Path) -> list[str]:
    """Make the links, but for those that lead out of the folder, be it by way of another one."""
    for path, target in links.items():
        path.symlink_to(target)
    root = folder.resolve()
    left_out = [path for path in links if not path.resolve().is_relative_to(root)]
    for path in left_out:
        path.unlink()
    return [str(path.relative_to(folder)) for path in left_out]


def pack(folder: Path) -> bytes:
    """Return the archive that the deployer would make of an action's folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_packed_files(folder.iterdir())):
            archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def _packed_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.name in _NOT_PACKED or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _packed_files(path.iterdir())
        elif path.is_file():  # a pipe would be waited for
            yield path
