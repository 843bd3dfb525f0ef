"""The record of what is stored under which key: one SQLite file, so that a change is whole or not at all.

Keys are values here and never paths: `//`, a leading slash and `..` mean nothing to the file system.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localops.s3.errors import S3Error, unusable

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT, key TEXT, blob TEXT, size INTEGER, etag TEXT, modified_s REAL, headers TEXT,
    PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT, key TEXT, begun_s REAL, headers TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT, number INTEGER, blob TEXT, size INTEGER, etag TEXT, modified_s REAL,
    PRIMARY KEY (upload, number)) WITHOUT ROWID;
"""
_SELECT_OBJECT = "SELECT key, blob, size, etag, modified_s, headers FROM objects"
_SELECT_PART = "SELECT number, blob, size, etag, modified_s FROM parts"
_LAST_CHARACTER = "\U0010ffff"
_BUSY_TIMEOUT_S = 10
# Of SQLite's codes the last eight bits say what kind of error it is; the others are mistakes of ours.
_PRIMARY_CODE = 0xFF
_UNUSABLE = (
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
)


@dataclass(frozen=True)
class Object:
    """A stored object.

    Attributes:
        blob: name of the file with its bytes.
        etag: without the quotes.
        headers: what is sent again with the object: content type, user metadata and the like.
    """

    key: str
    blob: str
    size: int
    etag: str
    modified_s: float = field(default_factory=time.time)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Upload:
    """A multipart upload under way."""

    id: str
    bucket: str
    key: str
    begun_s: float = field(default_factory=time.time)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Part:
    """One part of an upload."""

    number: int
    blob: str
    size: int
    etag: str
    modified_s: float = field(default_factory=time.time)


@contextmanager
def _disk_errors() -> Generator[None]:
    """Turn SQLite's words for a full disk, and for a file that cannot be used, into S3's."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            raise S3Error("XMinioStorageFull") from error
        if code is None or code & _PRIMARY_CODE not in _UNUSABLE:
            raise
        raise unusable(error) from error


class Index:
    """The tables. Every method is one transaction and may be called from any thread."""

    def __init__(self, file: Path) -> None:
        self.lock = threading.RLock()
        with _disk_errors():
            self.connection = sqlite3.connect(file, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
            self.connection.executescript(_SCHEMA)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        """Hold off all other changes, of other processes too, until the block is done or undone."""
        with self.lock, _disk_errors():
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                yield self.connection

    def find(self, bucket: str, key: str) -> Object | None:
        rows = self._rows(f"{_SELECT_OBJECT} WHERE bucket = ? AND key = ?", bucket, key)
        return _object_of(rows[0]) if rows else None

    def put(self, bucket: str, each: Object, check: Callable[[Object | None], None]) -> Object | None:
        """Store an object and return the one that it replaces.

        Args:
            check: raises S3Error where that one may not be replaced.
        """
        with self._transaction() as connection:
            old = self.find(bucket, each.key)
            check(old)
            row = (
                bucket,
                each.key,
                each.blob,
                each.size,
                each.etag,
                each.modified_s,
                json.dumps(dict(each.headers)),
            )
            connection.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return old

    def remove(self, bucket: str, key: str) -> Object | None:
        """Forget an object and return it."""
        with self._transaction() as connection:
            old = self.find(bucket, key)
            connection.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket, key))
        return old

    def page(self, bucket: str, prefix: str, start: str, most: int) -> list[Object]:
        """Return objects whose keys begin with `prefix` and are at least `start`, in the order of keys."""
        end = after_prefix(prefix)
        where = "bucket = ? AND key >= ?" + (" AND key < ?" if end else "")
        begin = max(start, prefix)
        values = (bucket, begin, end, most) if end else (bucket, begin, most)
        rows = self._rows(f"{_SELECT_OBJECT} WHERE {where} ORDER BY key LIMIT ?", *values)
        return [_object_of(row) for row in rows]

    def begin_upload(self, upload: Upload) -> None:
        row = (upload.id, upload.bucket, upload.key, upload.begun_s, json.dumps(dict(upload.headers)))
        with self._transaction() as connection:
            connection.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)", row)

    def uploads(self, bucket: str) -> list[Upload]:
        rows = self._rows("SELECT * FROM uploads WHERE bucket = ? ORDER BY key, begun_s", bucket)
        return [Upload(*row[:4], headers=json.loads(row[4])) for row in rows]

    def put_part(self, upload: str, part: Part) -> Part | None:
        """Store a part and return the one that it replaces.

        Raises:
            S3Error: the upload was completed or aborted meanwhile.
        """
        with self._transaction() as connection:
            if not self._rows("SELECT 1 FROM uploads WHERE id = ?", upload):
                raise S3Error("NoSuchUpload")
            old = [each for each in self.parts(upload) if each.number == part.number]
            row = (upload, part.number, part.blob, part.size, part.etag, part.modified_s)
            connection.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)", row)
        return old[0] if old else None

    def parts(self, upload: str) -> list[Part]:
        return [Part(*row) for row in self._rows(f"{_SELECT_PART} WHERE upload = ? ORDER BY number", upload)]

    def end_upload(self, upload: str) -> list[Part]:
        """Forget an upload and return its parts."""
        with self._transaction() as connection:
            parts = self.parts(upload)
            connection.execute("DELETE FROM parts WHERE upload = ?", (upload,))
            connection.execute("DELETE FROM uploads WHERE id = ?", (upload,))
        return parts

    def blobs(self) -> set[str]:
        """Return the names of all files that something refers to."""
        return {row[0] for row in self._rows("SELECT blob FROM objects UNION SELECT blob FROM parts")}

    def _rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        with self.lock, _disk_errors():
            return self.connection.execute(query, values).fetchall()


def _object_of(row: tuple[Any, ...]) -> Object:
    return Object(*row[:5], headers=json.loads(row[5]))


def after_prefix(prefix: str) -> str | None:
    """Return the least text that is greater than all that begin with `prefix`; None when there is none."""
    start = prefix.rstrip(_LAST_CHARACTER)
    if not start:
        return None
    following = ord(start[-1]) + 1
    # Surrogates are not characters, so no key has one.
    return start[:-1] + chr(0xE000 if following == 0xD800 else following)
