"""Find the models that a project's actions ask for: names that stand as texts in their sources."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from localops.project.folder import Project
from localops.project.scan import LEFT_OUT
from localops.reading import regular_file

# `llama3.1:8b`, `user/model:70m-q4_K_M`, `nomic-embed-text:latest`, in quotes.
_NAME = re.compile(r"""["']([a-z0-9][\w.-]*(?:/[\w.-]+)*:(?:\d+(?:\.\d+)?[bm](?:-[\w.]+)*|latest))["']""")


def wanted_models(project: Project) -> tuple[str, ...]:
    """Return the names of models in the sources, each once, in the order of the files."""
    found: dict[str, None] = {}
    for file in _sources(project.packages):
        # What cannot be read is a problem of its action, which the scan reports.
        with contextlib.suppress(OSError):
            found |= dict.fromkeys(_NAME.findall(regular_file.read_bytes(file).decode(errors="replace")))
    return tuple(found)


def _sources(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        yield from (Path(parent, name) for name in sorted(files) if name.endswith(".py"))
