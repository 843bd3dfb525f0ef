"""Files that their owner alone reads, written whole or not at all, and there after a power cut too."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from localops.errors import StorageError


def write(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, once all of it is on the disk.

    Raises:
        StorageError: the disk does not take it; what was there before is untouched.
    """
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        settle_names(path.parent)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise not_kept(path, error) from error


def settle_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk as they are now."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def not_kept(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path.name} could not be kept in {path.parent}: {error.strerror}; make room there and try again"
    )
