"""Run an action in a process of its own, as the runtime does, and measure what a call costs it."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.worker import DEADLINE_S, Worker, answer, commands
from localops.runtime.child import entry_function, run

# A web action's, unless it says otherwise; so an action knows how long it may take.
_TIME_LIMIT_S = 300


@dataclass(frozen=True)
class Call:
    """One call of an action. Times are of `time.monotonic()`.

    Attributes:
        processor_s: processor time of the whole process, all threads, while it ran.
        peak_bytes: the most memory that the process has ever used.
    """

    started_s: float
    ended_s: float
    processor_s: float
    peak_bytes: int
    result: dict[str, Any]


class ActionProcess(Worker):
    """A warm process of one action.

    Args:
        main_file: the action's `__main__.py`, or the file that is the action.
    """

    def __init__(self, main_file: Path) -> None:
        super().__init__("bench.action", str(main_file.resolve()))
        self._main_file = main_file
        try:
            self.hear()
        except BenchError:
            self.close()
            raise

    def call(self, arguments: Mapping[str, Any], timeout_s: float = DEADLINE_S) -> Call:
        """Call it and wait for its end."""
        self.tell(arguments)
        return self.outcome(timeout_s)

    def outcome(self, timeout_s: float = DEADLINE_S) -> Call:
        """Wait for the end of a call that `tell` began.

        Raises:
            BenchError: it raised.
        """
        call = Call(**self.hear(timeout_s))
        if "error" in call.result:
            raise BenchError(f"{self._main_file} failed: {call.result['error']}")
        return call


def _serve(main_file: Path) -> None:
    """Load the action, in the child, then answer calls one after another."""
    sys.stdout = sys.stderr  # nothing that it prints may reach the measuring process
    os.chdir(main_file.parent)
    sys.path.insert(0, str(main_file.parent))
    entry = entry_function(str(main_file), "main", str(main_file))
    answer({"loaded": True})
    for arguments in commands():
        os.environ["__OW_DEADLINE"] = str(int((time.time() + _TIME_LIMIT_S) * 1000))
        started_s, processor_s = time.monotonic(), time.process_time()
        result = run(entry, arguments)
        answer(
            {
                "started_s": started_s,
                "ended_s": time.monotonic(),
                "processor_s": time.process_time() - processor_s,
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                * (1 if sys.platform == "darwin" else 1024),
                "result": result,
            }
        )


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
