"""A localops of its own for measurements, over a small project that is made for them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from bench.errors import BenchError
from localops.bootstrap import ROOT

ANSWERS = '#--web true\ndef main(args): return {{"body": {{"answer": {number}}}}}\n'
_USES_REQUESTS = (
    '#--web true\nimport requests\ndef main(args): return {"body": {"answer": requests.__name__}}\n'
)


class Desk:
    """Runs `up` until the end of the one `with` block that it is for.

    Args:
        cold_actions: how many actions `cold0`, `cold1` … to make, none of which has run yet.

    Attributes:
        hello: the source of an action that answers a number.
        ready_s: from the start of the process to its `ready` line.
        port: where it answers.
    """

    def __init__(self, cold_actions: int = 0) -> None:
        self._entered = False
        self.folder = tempfile.TemporaryDirectory(prefix="localops-bench-")
        package = Path(self.folder.name) / "packages" / "bench"
        package.mkdir(parents=True)
        self.hello = package / "hello.py"
        self.hello.write_text(ANSWERS.format(number=0))
        for number in range(cold_actions):
            (package / f"cold{number}.py").write_text(_USES_REQUESTS)

    def __enter__(self) -> Desk:
        if self._entered:
            raise BenchError("this localops was started before; make another one")
        self._entered = True
        words = ("up", "--no-open", "--port", "0", "--project", self.folder.name)
        begun_s = time.perf_counter()
        self.process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "localops", *words],
            cwd=ROOT,
            env={**os.environ, "OLLAMA_HOST": "127.0.0.1:9"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None  # noqa: S101 - PIPE was asked for
        line = self.process.stdout.readline()
        self.ready_s = time.perf_counter() - begun_s
        if not line.startswith("ready "):
            self.__exit__(None, None, None)
            raise BenchError("localops did not start; try `python3 -m localops up`")
        self.port = int(line.rpartition(":")[2])
        return self

    def memory_mb(self) -> float:
        """Return the resident memory of localops itself, without its children."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout is not None  # noqa: S101
        self.process.stdout.close()
        self.folder.cleanup()
