"""Take HTTP's chunked coding off a body, many chunks at a time.

A model server sends one chunk per token. http.client and urllib3 read each with several calls, which costs
more than all the rest an action does for a token; here one call takes off all that came in one read.
Source: RFC 9112, section 7.1.
"""

from collections.abc import Callable, Generator
from http.client import IncompleteRead

MAX_SIZE_LINE_BYTES = 4096
READ_BYTES = 262_144


def dechunked(read: Callable[[int], bytes]) -> Generator[bytes]:
    """Yield the body as it arrives.

    Args:
        read: returns the bytes that are there, at most as many as asked; none at the end.

    Raises:
        IncompleteRead: the connection ended inside the body.
        ValueError: what stands where a chunk's size belongs is not a size.
    """
    raw = b""
    while data := read(READ_BYTES):
        body, raw, ended = _take(raw + data)
        if body:
            yield body
        if ended:
            return
    raise IncompleteRead(raw)


def _take(raw: bytes) -> tuple[bytes, bytes, bool]:
    """Split what came into body bytes, the rest that waits for more, and whether the last chunk was there."""
    parts: list[bytes] = []
    start = 0
    while (line_end := raw.find(b"\r\n", start)) >= 0:
        line, data = raw[start:line_end], line_end + 2
        size = int(line if b";" not in line else line.partition(b";")[0], 16)
        if size <= 0:
            if size < 0:
                raise ValueError("a chunk of negative size")
            return b"".join(parts), b"", True
        start = data + size + 2
        if len(raw) < start:
            # What is here of a chunk is passed on but for its last byte: that one waits for the end mark.
            here = raw[data : data + size - 1]
            return b"".join([*parts, here]), b"%x\r\n" % (size - len(here)) + raw[data + len(here) :], False
        parts.append(raw[data : start - 2])
    if len(raw) - start > MAX_SIZE_LINE_BYTES:
        raise ValueError("a chunk without a size")
    return b"".join(parts), raw[start:], False
