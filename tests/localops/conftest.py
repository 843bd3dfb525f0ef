"""A localops over the `project` that a module makes for itself, without a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud import Cloud, cloud_of
from localops_process import LocalopsProcess


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        yield process


@pytest.fixture(scope="module")
def cloud(running: LocalopsProcess, project: Path) -> Iterator[Cloud]:
    """Provide its REST API."""
    found = cloud_of(running.url, project)
    with found.session:
        yield found
