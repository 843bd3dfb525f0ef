"""The processor time that another process takes."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.errors import BenchError


class ProcessorTime:
    """Measures one process from here to `stop`.

    Attributes:
        share: of one core, after `stop`.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.share = 0.0
        self.begun_s, self._used_s = time.monotonic(), self.now_s()

    def stop(self) -> None:
        self.share = (self.now_s() - self._used_s) / (time.monotonic() - self.begun_s)

    def now_s(self) -> float:
        """Return all that the process has used, user and system."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        except FileNotFoundError as error:
            raise BenchError("processor time is measured on Linux, while the process runs") from error
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
