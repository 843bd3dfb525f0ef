"""More streams than the system gives files for: each is answered or told why not, then all works again."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess
from process_figures import open_files

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets another process's limits be set"
)

STEPS = ROOT / "tests" / "examples" / "packages" / "streams" / "steps.py"
TIMEOUT_S = 120
AT_ONCE = 12
SENT = '{"output": "x"}'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    (tmp_path / "packages" / "demo" / "steps.py").write_text(STEPS.read_text())
    return tmp_path


@pytest.fixture
def running(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project, environment={"OLLAMA_HOST": "127.0.0.1:9"}) as process:
        yield process


def stream(running: LocalopsProcess) -> httpx.Response:
    steps = [["connect", None], ["send", SENT], ["sleep", 0.5]]
    return httpx.post(f"{running.url}/web/devel/demo/steps", json={"steps": steps}, timeout=TIMEOUT_S)


@pytest.mark.parametrize("spare", [3, 40])
def test_streams_beyond_the_open_files_are_told_so_and_later_ones_work(running: LocalopsProcess, spare: int):
    assert stream(running).text == f"{SENT}\n"
    before = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    few = open_files(running.process.pid) + spare
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (few, before[1]))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: stream(running), range(AT_ONCE)))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    assert all("Too many open files" in answer.text for answer in refused)
    assert all(answer.text == f"{SENT}\n" for answer in answers if answer.status_code == 200)
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)
    assert stream(running).text == f"{SENT}\n"
    assert not [line for line in running.log if "Exception in" in line]


def test_as_many_files_as_streams_need_are_allowed_at_the_start(project: Path):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        process = LocalopsProcess(project=project, environment={"OLLAMA_HOST": "127.0.0.1:9"})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    with process as running:
        allowed, _ = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    assert allowed == min(8192, before[1]) or before[1] == resource.RLIM_INFINITY
