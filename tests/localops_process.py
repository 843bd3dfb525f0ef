"""A real `python -m localops up`, for tests that talk to it as its users do."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from waiting import PATIENCE_S, ended, in_time

ROOT = Path(__file__).parent.parent
# What `up` reads of a project.
_PARTS = ("packages", "web", ".env")
# What chooses the model servers of the person who runs the tests.
MODEL_SETTING = re.compile(
    r"(?:OLLAMA_HOST|OLLAMA_PROTO|AUTH|FOUNDRY_HOST|BASE_URL|API_KEY|MODEL|FALLBACK_AFTER"
    r"|(?:AZURE_OPENAI|CHAT)_\w+)\Z"
)


class LocalopsProcess:
    """Runs `up` until the end of the `with` block.

    Args:
        project: the folder to run. Of one in this repository a copy is run, because tests beside one another
            must not share the files that `up` keeps.

    Attributes:
        project: the folder that it runs.
        url: where it answers.
        log: every line of its standard error so far.
    """

    def __init__(
        self,
        *words: str,
        project: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        port: int = 0,
        before: Sequence[str] = (),
    ) -> None:
        self._copy: Path | None = None
        if project.is_relative_to(ROOT):
            self._copy = Path(tempfile.mkdtemp(prefix="localops of a test "))
            project = copy_of(project, self._copy / project.name)
        self.project = project
        inherited = {name: value for name, value in os.environ.items() if not MODEL_SETTING.match(name)}
        where = ["--port", str(port), "--project", str(project)]
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "localops", "up", "--no-open", *where, *words],
            cwd=ROOT,
            env={**inherited, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._collect, name="reads what localops logs")
        self._reader.start()
        try:
            self.ready_line = in_time(self.process.stdout.readline, "the ready line of localops").rstrip("\n")
        except AssertionError as error:
            self.process.kill()
            self.__exit__(None, None, None)
            raise AssertionError("\n".join([str(error), *self.log])) from error
        self.url = self.ready_line.removeprefix("ready ")

    def _collect(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            self._lines.put(self.log[-1])

    def __enter__(self) -> LocalopsProcess:
        if not self.ready_line.startswith("ready http"):
            self.__exit__(None, None, None)  # else it would be left behind and blamed on another test
            raise AssertionError("it did not start:\n" + "\n".join(self.log))
        return self

    def forget_lines(self) -> None:
        """Let `wait_for_line` see only what is logged from now on."""
        while not self._lines.empty():
            self._lines.get(timeout=PATIENCE_S)

    def wait_for_line(self, part: str, timeout_s: float = PATIENCE_S) -> str:
        """Return the first log line that holds a text, from where the last wait ended."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with {part!r} in:\n" + "\n".join(self.log)) from None
            if part in line:
                return line

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        ended(self._reader)
        return status

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            assert self.process.stdout is not None
            assert self.process.stderr is not None
            self.process.stdout.close()
            self.process.stderr.close()
            if self._copy is not None:
                shutil.rmtree(self._copy)


def copy_of(project: Path, folder: Path) -> Path:
    """Copy what `up` reads of a project to a new folder, and return that."""
    folder.mkdir(parents=True)
    for part in _PARTS:
        if (project / part).is_dir():
            shutil.copytree(project / part, folder / part, symlinks=True)
        elif (project / part).exists():
            shutil.copy(project / part, folder)
    return folder
