"""Read what Linux knows of a process: its memory, its open files and its children."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads what only Linux knows of a process")


def memory_mb(pid: int, which: str = "VmRSS") -> float:
    """Return the megabytes that a process holds now or, with `VmHWM`, has ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 1024


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def children(pid: int) -> set[int]:
    """Return the processes that a process started and has not waited for."""
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
