"""The first run on a fresh machine: from a clone to a chat that answers, with nothing but Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from child_process import child
from scripted_ollama import ScriptedOllama
from waiting import PATIENCE_S, ended, in_time

from localops import bootstrap
from localops.bootstrap import BootstrapError

ROOT = Path(__file__).parent.parent.parent
BARE_PYTHON = [str(Path(sys.base_prefix) / "bin" / "python3"), "-m", "localops"]
FIRST_RUN_TIMEOUT_S = 300
HELPFUL = ("up", "check", "test", "sync", "invoke", "logs", "url")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide the tracked files, as they are now, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("fresh") / "a clone"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE_S,
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
    """Return an environment without caches of earlier installations."""
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


@pytest.mark.parametrize("words", [[], ["--help"], *([name, "--help"] for name in HELPFUL)], ids=" ".join)
def test_help_installs_nothing(tmp_path: Path, words: list[str]):
    shutil.copytree(ROOT / "localops", tmp_path / "localops", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [BARE_PYTHON[0], "-S", *BARE_PYTHON[1:], *words],  # without the packages of this machine
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "usage: python3 -m localops" in (done.stdout if words else done.stderr)
    assert done.returncode == (0 if words else 2)
    assert not (tmp_path / ".venv").exists()


@contextmanager
def up(clone: Path, home: Path, **more: str) -> Iterator[tuple[str, list[str]]]:
    """Provide a run of `up`: where it answers, and what it says on standard error, whole at the end."""
    said: list[str] = []
    with (
        (home / "said").open("w+") as errors,
        child(
            [*BARE_PYTHON, "up", "--no-open", "--port", "0"],
            cwd=clone,
            env=environment(home, **more),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            ready = in_time(process.stdout.readline, "the ready line", FIRST_RUN_TIMEOUT_S)
            yield ready.removeprefix("ready ").strip(), said
        finally:
            process.terminate()
        assert process.wait(PATIENCE_S) == 0
        errors.seek(0)
        said.extend(errors.read().splitlines())


def test_one_command_takes_a_fresh_clone_to_a_model_that_answers(clone: Path, tmp_path: Path):
    """llama.cpp comes when it is needed, which an Ollama that is there spares."""
    with ScriptedOllama("Rome.") as ollama:
        for host, installed in [(ollama.host, {"run"}), ("", {"llamacpp"}), ("", set[str]())]:
            with up(clone, tmp_path, OLLAMA_HOST=host) as (url, said):
                body = {"input": "What is the capital of Italy?"}
                answer = httpx.post(f"{url}/web/devel/chat/stateless", json=body, timeout=60)
            assert '{"output": ' in answer.text
            assert "Rome" in answer.text.replace('"}\n{"output": "', "")
            assert said_to_be_installed(said) == installed, said
        assert len([each for each in ollama.requests if each.method == "POST"]) == 1


def said_to_be_installed(said: list[str]) -> set[str]:
    """Return the names of the lock files that were installed."""
    found = (re.search(r"installing what requirements/(\w+)\.txt locks", line) for line in said)
    return {match[1] for match in found if match}


@pytest.fixture(scope="module")
def clone_without_llama_cpp(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide the same after its first run, on a machine for which llama.cpp has no wheel."""
    home = tmp_path_factory.mktemp("home")
    with up(clone, home):
        pass
    subprocess.run(
        [clone / ".venv" / "bin" / "python", "-m", "pip", "uninstall", "--quiet", "--yes", "xllamacpp"],
        check=True,
        timeout=FIRST_RUN_TIMEOUT_S,
    )
    return clone


@pytest.mark.parametrize("when", ["at the installation", "when it is loaded"])
def test_where_llama_cpp_has_no_build_a_script_answers_and_says_so(
    clone_without_llama_cpp: Path, tmp_path: Path, when: str
):
    stamp = clone_without_llama_cpp / ".venv" / "installed-llamacpp"
    if when == "at the installation":
        stamp.unlink(missing_ok=True)
    else:
        stamp.write_text(stamp.read_text().replace(bootstrap.NO_BUILD, "installed"))
    with EmptyIndex() as index, up(clone_without_llama_cpp, tmp_path, **index.settings) as (url, said):
        # When it turns out only while it is loaded, the actions are told a moment later.
        assert notice_with(url, "No model answers, only a script").endswith("start this again.")
        body = {"input": "What is the capital of Italy?", "metrics": True}
        answer = httpx.post(f"{url}/api/my/chat/stateless", json=body, timeout=60).json()
    assert answer["metrics"]["model"] == "scripted:latest"
    assert any("No model answers, only a script" in line for line in said)
    assert (bootstrap.NO_BUILD in stamp.read_text()) is (when == "at the installation")


def notice_with(url: str, part: str, within_s: float = 60) -> str:
    """Return the line for people in the menu, once it holds a text."""
    deadline = time.monotonic() + within_s
    notice = ""
    while part not in notice:
        assert time.monotonic() < deadline, notice
        notice = httpx.get(f"{url}/api/my/mastrogpt/index", timeout=60).json()["notice"]
    return notice


class EmptyIndex:
    """A package index that has nothing: every page is 404. Its address goes to pip."""

    def __enter__(self) -> EmptyIndex:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), NothingHere)
        self.settings = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"http://127.0.0.1:{self.server.server_address[1]}/",
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "NO_PROXY": "127.0.0.1",
        }
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.shutdown()
        ended(self.thread)
        self.server.server_close()


class NothingHere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing between the lines of the tests."""


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
