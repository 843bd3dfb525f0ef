"""Run a process that does not outlive its test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def child(words: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a process, and kill it where it has not ended by the end of the block.

    `with subprocess.Popen` alone waits for the end, for ever, also after a failed assertion.

    Args:
        options: those of subprocess.Popen.
    """
    with subprocess.Popen(words, **options) as process:
        try:
            yield process
        finally:
            process.kill()
