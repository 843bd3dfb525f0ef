"""A real `python -m localops up`, for tests that talk to it as its users do."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parent.parent
# Nothing takes this long; a machine with other work may.
PATIENCE_S = 60


class LocalopsProcess:
    """Runs `up` until the end of the `with` block.

    Attributes:
        url: where it answers.
        log: every line of its standard error so far.
    """

    def __init__(
        self,
        *words: str,
        project: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        port: int = 0,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in ("OLLAMA_HOST", "AUTH")}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "localops",
                "up",
                "--no-open",
                "--port",
                str(port),
                "--project",
                project,
                *words,
            ],
            cwd=ROOT,
            env={**inherited, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self.lines: queue.Queue[str] = queue.Queue()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.reader = threading.Thread(target=self.collect)
        self.reader.start()
        self.ready_line = self.process.stdout.readline().rstrip("\n")
        self.url = self.ready_line.removeprefix("ready ")

    def collect(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            self.lines.put(self.log[-1])

    def __enter__(self) -> LocalopsProcess:
        if not self.ready_line.startswith("ready http"):
            self.__exit__(None, None, None)  # else it would be left behind and blamed on another test
            raise AssertionError("it did not start:\n" + "\n".join(self.log))
        return self

    def forget_lines(self) -> None:
        """Let `wait_for_line` see only what is logged from now on."""
        while not self.lines.empty():
            self.lines.get()

    def wait_for_line(self, part: str, timeout_s: float = PATIENCE_S) -> str:
        """The first log line, from where the last wait ended, that holds a text."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with {part!r} in:\n" + "\n".join(self.log)) from None
            if part in line:
                return line

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=PATIENCE_S)
        self.reader.join(timeout=PATIENCE_S)
        return status

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()
