"""`python -m localops.ollama` as a process: how it starts, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from waiting import in_time

ROOT = Path(__file__).parents[3]
DIGITS = {"type": "string", "pattern": "^(0123456789){400}$"}
COMMAND = [sys.executable, "-m", "localops.ollama"]
PATIENCE_S = 20
GIVE = "give --model a GGUF file, or a folder of them"
LONG = {"prompt": "Hello", "raw": True, "format": DIGITS, "options": {"num_predict": 900}}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_ends_when_its_standard_input_does(start_model):
    with start_model("--engine", "scripted") as server:
        server.process.stdin.close()
        assert server.process.wait(PATIENCE_S) == 0
        assert in_time(server.process.stderr.read, "the end of its log") == ""


def closed_input() -> None:
    os.close(0)


@pytest.mark.parametrize("preparation", [None, closed_input], ids=["null", "closed"])
def test_without_a_standard_input_it_runs_until_a_signal(preparation: Callable[[], None] | None):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [*COMMAND, "--engine", "scripted", "--fd", str(listener.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            preexec_fn=preparation,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with process:
        try:
            assert [httpx.get(url, timeout=PATIENCE_S).text for _ in range(3)] == ["Ollama is running"] * 3
            assert process.poll() is None
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
            assert process.stderr is not None
            assert in_time(process.stderr.read, "the end of its log") == ""
        finally:
            process.kill()


SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_in_the_middle_of_a_stream(start_model, tmp_path: Path, number: signal.Signals):
    script = tmp_path / "script.json"
    stall = {"text": "one two", "faults": [{"fault": "Stall", "after": 1}]}
    script.write_text(json.dumps({"answers": [stall]}))
    with start_model(str(script), module="tests.scripted") as server:
        body = {"model": server.model, "prompt": "x"}
        with httpx.stream("POST", server.url + "/api/generate", json=body) as stream:
            lines = stream.iter_lines()
            next(lines)
            server.process.send_signal(number)
            assert server.process.wait(PATIENCE_S) == 0
            with pytest.raises(httpx.TransportError):
                list(lines)
        assert in_time(server.process.stderr.read, "the end of its log") == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_while_llama_cpp_works(llamacpp, number: signal.Signals):
    with llamacpp() as server:
        with httpx.stream(
            "POST", server.url + "/api/generate", json={"model": server.model, **LONG}
        ) as stream:
            lines = stream.iter_lines()
            next(lines)
            server.process.send_signal(number)
            assert server.process.wait(PATIENCE_S) == 0
            with suppress(httpx.TransportError):  # a fast machine may have made all of it before the signal
                list(lines)
        assert in_time(server.process.stderr.read, "the end of its log") == ""


def test_another_name_is_answered_for_but_not_listed_and_the_true_name_given(start_model):
    with start_model("--engine", "scripted", "--stands-in-for", "llama3.1:8b") as server:
        short = {"num_predict": 1}
        answer = server.post(
            "/api/generate", model="llama3.1:8b", prompt="x", stream=False, options=short
        ).json()
        chat = server.post("/v1/completions", model="llama3.1:8b", prompt="x", max_tokens=1)
        listed = server.get("/api/tags").json()["models"]
        missing = server.post("/api/generate", model="llama3.1:70b", prompt="x")
    assert answer["model"] == chat.json()["model"] == "scripted:latest"
    assert [model["name"] for model in listed] == ["scripted:latest"]
    assert (missing.status_code, missing.json()) == (404, {"error": "model 'llama3.1:70b' not found"})


def test_the_script_that_stands_in_says_that_it_is_no_model(start_model):
    with start_model("--engine", "scripted") as server:
        body = {"model": "scripted:latest", "prompt": "Who are you?"}
        with httpx.stream("POST", server.url + "/api/generate", json=body) as stream:
            first = next(stream.iter_lines())
        whole = server.post("/api/generate", **body, stream=False, options={"num_predict": 8}).json()
    assert '"response":"I"' in first
    assert whole["response"] == "I am a script, not a model: llama.cpp"


def test_without_the_wheel_it_says_so_and_ends_with_status_3(tmp_path: Path):
    (tmp_path / "xllamacpp.py").write_text('raise ImportError("no wheel for this machine")')
    result = run("--port", "0", PYTHONPATH=str(tmp_path))
    assert result.returncode == 3
    assert result.stderr == (
        "llama.cpp cannot run here: no wheel for this machine; "
        "install `xllamacpp`, or use --engine scripted\n"
    )


@pytest.mark.usefixtures("llamacpp")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, f"cannot read the model {{}}: No such file or directory; {GIVE}\n"),
        (b"", "{} is not a whole GGUF file; download it again\n"),
        (b"GGUF\x03\0\0\0", "{} is not a whole GGUF file; download it again\n"),
        (b"PK\x03\x04 something else entirely", "{} is not a whole GGUF file; download it again\n"),
        (
            b"GGUF\x03\0\0\0" + bytes(16),
            "llama.cpp cannot load model.gguf: it is damaged, or of a kind it does not know\n",
        ),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_sentence(tmp_path: Path, content: bytes | None, message: str):
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    result = run("--port", "0", "--model", str(file))
    assert (result.returncode, result.stderr) == (1, message.format(file))


def test_a_taken_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("--engine", "scripted", "--port", port)
    assert result.returncode == 1
    assert result.stderr == f"port {port} is taken; stop the other server or choose another --port\n"


def test_a_number_that_is_no_socket_is_named():
    result = run("--engine", "scripted", "--fd", "9999")
    assert result.returncode == 1
    assert result.stderr == "--fd 9999 is not an open socket: Bad file descriptor\n"
