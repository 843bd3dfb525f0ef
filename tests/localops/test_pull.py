"""`localops pull`: an Ollama gets a model, and the person sees how far it is."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from localops_process import PATIENCE_S, ROOT
from pulling_ollama import BEGIN, END, SIZE, WHOLE, PullingOllama, layer
from scripted_ollama import ScriptedOllama


def environment(host: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("AUTH", "OLLAMA_PROTO")}
    return {**kept, "OLLAMA_HOST": host, **more}


def pull(*words: str, host: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localops", "pull", *words],
        cwd=ROOT,
        env=environment(host, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_where_nobody_looks_on_each_step_and_tenth_is_a_line():
    with PullingOllama(WHOLE).run() as ollama:
        done = pull("llama3.1:8b", host=ollama.host)
    assert ollama.requests == [({"model": "llama3.1:8b"}, None)]
    lines = [line.removeprefix("llama3.1:8b: ") for line in done.stderr.splitlines()]
    assert lines[:3] == ["pulling manifest", "0 %, 0 B of 4.7 GB", "10 %, 470.0 MB of 4.7 GB"]
    assert [line.split(" %")[0] for line in lines[3:12]] == [str(10 * tenth) for tenth in range(2, 11)]
    assert lines[11] == "100 %, 4.7 GB of 4.7 GB"
    assert lines[12:] == ["verifying sha256 digest", "writing manifest", "success"]
    assert done.returncode == 0
    assert done.stdout.startswith("llama3.1:8b is there; start `python3 -m localops up`")


@contextmanager
def on_terminal(*words: str, host: str, columns: int = 100) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command on a terminal of its own; what it writes there can be read from the number."""
    ours, theirs = pty.openpty()
    with (
        open(ours, "rb", buffering=0),
        subprocess.Popen(
            [sys.executable, "-m", "localops", "pull", *words],
            cwd=ROOT,
            env=environment(host, TERM="xterm", COLUMNS=str(columns)),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process,
    ):
        os.close(theirs)
        try:
            yield process, ours
        finally:
            process.kill()


def read_until(part: bytes, terminal: int) -> bytes:
    """What is written up to some words; to the end when they do not come."""
    found = b""
    while part not in found:
        try:
            found += os.read(terminal, 65536)
        except OSError:  # a terminal that nobody writes to any more
            break
    assert part in found, found
    return found


@pytest.mark.parametrize("columns", [100, 40])
def test_on_a_terminal_one_line_is_a_bar_that_fits(columns: int):
    seen = threading.Event()
    lines = [*BEGIN, layer(SIZE // 2), lambda: seen.wait(PATIENCE_S), *END]
    with (
        PullingOllama(lines).run() as ollama,
        on_terminal("llama3.1:8b", host=ollama.host, columns=columns) as (process, terminal),
    ):
        text = read_until(b"[", terminal)
        seen.set()
        text += read_until(b"is there", terminal)
        assert process.wait(PATIENCE_S) == 0
    first_line = text.decode().split("\r\n")[0]
    drawn = [each.removesuffix("\x1b[K") for each in first_line.split("\r")]
    assert all(len(each) < columns for each in drawn), drawn
    assert drawn[1] == "llama3.1:8b: pulling manifest"
    assert any("[------" in each for each in drawn)
    assert drawn[-1] == "llama3.1:8b: success"


def test_ctrl_c_ends_the_pull_with_a_sentence():
    held = threading.Event()
    lines = [*BEGIN, layer(SIZE // 2), lambda: held.wait(PATIENCE_S)]
    with (
        PullingOllama(lines).run() as ollama,
        on_terminal("llama3.1:8b", host=ollama.host) as (process, terminal),
    ):
        read_until(b"[", terminal)
        process.send_signal(signal.SIGINT)
        text = read_until(b"goes on where this one ended", terminal)
        held.set()
        assert process.wait(PATIENCE_S) == 130
    assert b"\r\nlocalops: stopped; the same command goes on where this one ended" in text
    assert b"Traceback" not in text


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        (
            PullingOllama(
                [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]
            ),
            "localops: nosuch:1b was not pulled: pull model manifest: file does not exist; "
            "https://ollama.com/search has the names",
        ),
        (
            PullingOllama([{"error": "invalid model name"}], status=400),
            "localops: nosuch:1b was not pulled: invalid model name",
        ),
        (
            PullingOllama([*BEGIN, {"error": "max retries exceeded: no space left on device"}]),
            "localops: nosuch:1b was not pulled: max retries exceeded: no space left on device",
        ),
        (
            PullingOllama([*BEGIN, layer(SIZE // 3)], is_cut=True),
            "localops: HOST ended the pull before it was whole; "
            "the same command goes on where this one ended",
        ),
        (
            PullingOllama([*BEGIN, layer(SIZE // 3)]),
            "localops: HOST ended the pull before it was whole; "
            "the same command goes on where this one ended",
        ),
        (
            PullingOllama([{"hello": "world"}], status=502),
            "localops: nosuch:1b was not pulled: HOST answered with status 502 Bad Gateway",
        ),
    ],
    ids=["unknown", "malformed", "disk full", "cut", "not whole", "proxy"],
)
def test_a_pull_that_fails_says_why(server: PullingOllama, sentence: str):
    with server.run() as ollama:
        done = pull("nosuch:1b", host=ollama.host)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == sentence.replace("HOST", ollama.host)


def test_what_is_no_ollama_is_said():
    with ScriptedOllama() as server:
        done = pull("llama3.1:8b", host=server.host)
    assert done.returncode == 1
    assert done.stderr.startswith("localops: llama3.1:8b was not pulled: ")


def test_without_an_ollama_the_way_out_is_said():
    with ScriptedOllama(refuse=True) as nobody:
        done = pull("llama3.1:8b", host=nobody.host)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"localops: no Ollama answers at {nobody.host}; start it there, or correct OLLAMA_HOST\n"
    )


def test_credentials_go_along_and_are_not_shown():
    refused = {"error": "the key Bearer sesame-of-tests is not known"}
    with PullingOllama([refused], status=401).run() as ollama:
        done = pull("llama3.1:8b", host=ollama.host, AUTH="sesame-of-tests")
    assert ollama.requests == [({"model": "llama3.1:8b"}, "Bearer sesame-of-tests")]
    assert "sesame" not in done.stderr
    assert done.returncode == 1


def test_the_env_file_of_a_project_names_its_ollama(tmp_path: Path):
    with PullingOllama(WHOLE).run() as ollama:
        (tmp_path / ".env").write_text(f"OLLAMA_HOST={ollama.host}\n")
        without = {name: value for name, value in environment("").items() if name != "OLLAMA_HOST"}
        done = subprocess.run(
            [sys.executable, "-m", "localops", "pull", "qwen3:4b", "--project", str(tmp_path)],
            cwd=ROOT,
            env=without,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert (done.returncode, ollama.requests[0][0]) == (0, {"model": "qwen3:4b"})


def test_the_last_line_counts_and_not_the_end_of_the_connection():
    held = threading.Event()
    with PullingOllama([*WHOLE, lambda: held.wait(PATIENCE_S)]).run() as ollama:
        done = pull("llama3.1:8b", host=ollama.host)
        held.set()
    assert done.returncode == 0
