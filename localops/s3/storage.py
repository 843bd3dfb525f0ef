"""Objects and parts on disk: one file of bytes each, named by chance, and the index of them.

A file is complete before the index names it, and the index stops naming it before it goes, so whoever reads
sees a whole object, and what was cut short is nobody's.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from localops.s3.errors import S3Error, unusable
from localops.s3.index import Index, Object, Part, Upload

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What a crash left behind goes at the next start, but not what another process may still be writing.
_LEFTOVER_AGE_S = 24 * 3600
_COPY_BYTES = 1024 * 1024


@contextmanager
def _disk_errors() -> Generator[None]:
    """Turn the system's words for a full disk, and for what else is wrong with it, into S3's."""
    try:
        yield
    except OSError as error:
        raise S3Error("XMinioStorageFull") if error.errno in _FULL else unusable(error) from error


class NewFile:
    """A file that is being written; it goes again unless it was kept. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(16)
        self.path = folder / self.name
        self.kept = False

    def __enter__(self) -> NewFile:
        with _disk_errors():
            self.file = self.path.open("xb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if not self.kept:
            self.path.unlink()

    def write(self, data: bytes) -> None:
        with _disk_errors():
            rest = memoryview(data)
            while rest:
                rest = rest[self.file.write(rest) :]

    def settle(self) -> None:
        """Wait until all of it is on the disk: what the index names outlives a power cut as it does."""
        with _disk_errors():
            os.fsync(self.file.fileno())

    def copy(self, source: BinaryIO, size: int) -> str:
        """Append `size` bytes from where a file stands and return their MD5 in hexadecimal."""
        md5 = hashlib.md5(usedforsecurity=False)
        while size and (data := source.read(min(size, _COPY_BYTES))):
            self.write(data)
            md5.update(data)
            size -= len(data)
        return md5.hexdigest()


class Storage:
    """All buckets of one project. Methods block; they may be called from any thread.

    Args:
        folder: made at the first use, readable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "objects"
        self.lock = threading.Lock()
        self.opened: Index | None = None

    @property
    def index(self) -> Index:
        with self.lock:
            if self.opened is None:
                with _disk_errors():
                    self.files.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.opened = Index(self.folder / "index.sqlite")
                self._sweep(self.opened)
            return self.opened

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()

    def _sweep(self, index: Index) -> None:
        """Remove files that nothing refers to."""
        known = index.blobs()
        for entry in os.scandir(self.files):
            if entry.name not in known and time.time() - entry.stat().st_mtime > _LEFTOVER_AGE_S:
                os.unlink(entry.path)

    def new_file(self) -> NewFile:
        _ = self.index  # makes the folder
        return NewFile(self.files)

    def is_empty(self) -> bool:
        """Return whether nothing was ever stored; asking makes no folder."""
        return self.opened is None and not self.files.exists()

    def open(self, bucket: str, key: str) -> tuple[Object, BinaryIO]:
        """Return an object and its open file, which outlives the object's replacement.

        Raises:
            S3Error: there is no such object.
        """
        with self.index.lock:
            found = self.index.find(bucket, key)
            if found is None:
                raise S3Error("NoSuchKey", f"The key {key!r} does not exist.")
            with _disk_errors():
                return found, (self.files / found.blob).open("rb")

    def put(self, bucket: str, file: NewFile, each: Object, check: Callable[[Object | None], None]) -> None:
        """Store an object whose bytes are in `file`.

        Args:
            check: raises S3Error where what is there under its key may not be replaced.
        """
        file.settle()
        old = self.index.put(bucket, each, check)
        file.kept = True
        self.unlink([old] if old else [])

    def remove(self, bucket: str, key: str) -> None:
        with self.index.lock:
            old = self.index.remove(bucket, key)
            self.unlink([old] if old else [])

    def put_part(self, upload: Upload, file: NewFile, part: Part) -> None:
        file.settle()
        old = self.index.put_part(upload.id, part)
        file.kept = True
        self.unlink([old] if old else [])

    def end_upload(self, upload: Upload) -> None:
        self.unlink(self.index.end_upload(upload.id))

    def join(
        self, upload: Upload, parts: list[Part], etag: str, check: Callable[[Object | None], None]
    ) -> Object:
        """Complete an upload: put its parts together as one object; `check` as for `put`."""
        with self.new_file() as file:
            for part in parts:
                with (self.files / part.blob).open("rb") as source:
                    file.copy(source, part.size)
            size = sum(part.size for part in parts)
            joined = Object(upload.key, file.name, size, etag, headers=upload.headers)
            self.put(upload.bucket, file, joined, check)
        self.end_upload(upload)
        return joined

    def unlink(self, gone: list[Object] | list[Part]) -> None:
        for each in gone:
            (self.files / each.blob).unlink(missing_ok=True)
