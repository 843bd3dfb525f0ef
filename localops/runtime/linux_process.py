"""Ask Linux about a running process, cheaply and at once; no answer when no file descriptor is free.

Source: proc(5).
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

IS_LINUX = sys.platform == "linux"
# Counted from the field after the name; Linux include/linux/sched.h.
_FLAGS_FIELD = 6
_PF_EXITING = 0x4


def is_dying(pid: int) -> bool:
    """Return whether a process has died or is about to: this is known before its files close."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return True
    except OSError:
        return False
    return bool(int(fields[_FLAGS_FIELD]) & _PF_EXITING)


def memory_bytes(pid: int) -> int:
    """Return the memory of a process, without its children: pages that they share would count many times."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and these again, as long as their parents live."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        new = list(_children(waiting.pop()))
        found += new
        waiting += new
    return found


def _children(pid: int) -> Iterator[int]:
    try:
        texts = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return  # it, or one of its threads, may just have ended
    for text in texts:
        yield from map(int, text.split())
