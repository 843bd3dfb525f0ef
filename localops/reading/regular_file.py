"""Files that somebody else put there, which may turn out to be a pipe, a dangling link or not text.

Every failure is an OSError whose `strerror` a person understands.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

# As much as OpenWhisk takes of one action.
MAX_BYTES = 48 * 1024 * 1024


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return what is in a file, without ever waiting for it.

    Raises:
        OSError: it is not a regular file, holds more than `max_bytes`, or cannot be read.
    """
    with open(path, "rb", opener=_open_regular) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {max_bytes} bytes", str(path))
    return data


def _open_regular(path: str, flags: int) -> int:
    # To open a pipe would otherwise wait for somebody who writes into it.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    return descriptor


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file in UTF-8; every end of a line is a newline.

    Raises:
        OSError: as `read_bytes`, and when it is not UTF-8.
    """
    try:
        text = read_bytes(path, max_bytes).decode()
    except UnicodeDecodeError as error:
        reason = f"it is not text in UTF-8 (byte {error.start + 1})"
        raise OSError(errno.EILSEQ, reason, str(path)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
