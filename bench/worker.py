"""A child process of a benchmark that is told what to do, and answers, in lines of JSON."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Self

from bench.errors import BenchError
from localops.bootstrap import ROOT

DEADLINE_S = 30.0
_STDOUT = 1
# As in the runtime's image: nothing of this machine's environment reaches an action.
ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONIOENCODING": "UTF-8"}

_Message = dict[str, Any]


class Worker:
    """A child process, which runs a module of this package.

    Nothing is measured in this process while it only waits: what is measured has an interpreter, and so a
    lock, of its own.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._name = module
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-B", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=ENVIRONMENT,
            cwd=ROOT,
        )
        self._said: queue.SimpleQueue[_Message | None] = queue.SimpleQueue()
        self._asking = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, question: Mapping[str, Any], timeout_s: float = DEADLINE_S) -> _Message:
        """Say something and give the answer to it; threads take turns.

        Raises:
            BenchError: the process ended, or did not answer in time.
        """
        with self._asking:
            self.tell(question)
            return self.hear(timeout_s)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Say something, and wait for nothing."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe, see above
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise BenchError(f"{self._name} ended: {self._last_log()}") from error

    def hear(self, timeout_s: float = DEADLINE_S) -> _Message:
        """Return the next thing that it says."""
        try:
            message = self._said.get(timeout=timeout_s)
        except queue.Empty:
            raise BenchError(f"{self._name} said nothing for {timeout_s:g} s: {self._last_log()}") from None
        if message is None:
            raise BenchError(f"{self._name} ended: {self._last_log()}")
        return message

    def close(self) -> None:
        """End the process, whatever it does: it holds nothing that is worth waiting for."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        with self._process.stdout as output:
            for line in output:
                self._said.put(json.loads(line))
        self._said.put(None)

    def _last_log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace").strip()[-500:] or "it logged nothing"


def commands() -> Iterator[_Message]:
    """Yield what the child is told, until its standard input ends."""
    for line in sys.stdin:
        yield json.loads(line)


def end_with_parent() -> None:
    """End, in a child that is told nothing, as soon as its standard input does."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def answer(message: Mapping[str, Any]) -> None:
    """Send a message to the parent, from the child."""
    with open(_STDOUT, "wb", closefd=False) as output:  # by number: an action's process gives sys.stdout away
        output.write(json.dumps(message).encode() + b"\n")
