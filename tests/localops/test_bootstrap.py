"""The first run on a fresh machine: from a clone to a chat that answers, with nothing but Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from localops import bootstrap
from localops.bootstrap import BootstrapError

ROOT = Path(__file__).parent.parent.parent
BARE_PYTHON = [str(Path(sys.base_prefix) / "bin" / "python3"), "-m", "localops"]
FIRST_RUN_TIMEOUT_S = 300


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files, as they are now, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("fresh") / "a clone"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in tracked.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return folder


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment without caches of earlier installations."""
    kept = {name: value for name, value in os.environ.items() if name not in ("OLLAMA_HOST", "VIRTUAL_ENV")}
    return {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), **more}


def test_without_network_the_first_run_ends_with_a_sentence(clone: Path, tmp_path: Path):
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
    done = subprocess.run(
        [*BARE_PYTHON, "up"],
        cwd=clone,
        env=environment(tmp_path, **offline),
        capture_output=True,
        text=True,
        timeout=FIRST_RUN_TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "connect this machine to the network, which only the first run needs" in done.stderr


def test_one_command_takes_a_fresh_clone_to_a_model_that_answers(clone: Path, tmp_path: Path):
    begin = [*BARE_PYTHON, "up", "--no-open", "--port", "0"]
    for run in ("first", "second"):
        with subprocess.Popen(
            begin,
            cwd=clone,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                url = process.stdout.readline().removeprefix("ready ").strip()
                body = {"input": "What is the capital of Italy?"}
                answer = httpx.post(f"{url}/web/devel/chat/stateless", json=body, timeout=20)
            finally:
                process.terminate()
            said = process.stderr.read()
            assert process.wait() == 0
        assert '{"output": ' in answer.text
        assert "Rome" in answer.text.replace('"}\n{"output": "', "")
        assert ("installing what requirements/run.txt locks" in said) is (run == "first"), said


@pytest.mark.parametrize(
    ("version", "part"),
    [((3, 6), "this is Python 3.6, localops needs 3.11"), ((3, 10), "this is Python 3.10")],
)
def test_an_old_python_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], part: str
):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(BootstrapError, match=part):
        bootstrap.check_python()


def test_a_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(BootstrapError, match="apt install python3"):
        bootstrap.check_python()
