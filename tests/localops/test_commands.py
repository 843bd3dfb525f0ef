"""The commands that talk to a running localops, as a person types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from child_process import child
from localops_process import ROOT, LocalopsProcess
from scripted_ollama import Script, ScriptedOllama, Status
from waiting import PATIENCE_S, in_time

from localops.commands.invoke import read_arguments
from localops.commands.server import CommandError

WIDEST_HELP = 100
NOBODY = "http://localhost:9"
PAGE = Status(200, "<h1>Welcome</h1>")
# A Python in which nobody has installed the tools.
WITHOUT_TOOLS = "import sys\nsys.modules.update(pytest=None, ruff=None)\n"


def command(name: str, *words: str, url: str, project: Path) -> subprocess.CompletedProcess[str]:
    return localops(name, *words, "--url", url, "--project", str(project))


def command_for(
    desk: LocalopsProcess, *words: str, project: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command for a running localops, with the key of its project where no other is named."""
    return command(*words, url=desk.url, project=project or desk.project)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a=b"], {"a": "b"}),
        (["a=1", "b=true", "c=null", 'd={"e": [1]}'], {"a": 1, "b": True, "c": None, "d": {"e": [1]}}),
        (["a="], {"a": ""}),
        (["a=b=c"], {"a": "b=c"}),
        (['a="1"'], {"a": "1"}),
        (["a=@@b"], {"a": "@b"}),
        (["a=1", "a=2"], {"a": 2}),
        ([], {}),
    ],
)
def test_arguments_are_json_where_they_can_be(words: list[str], expected: dict[str, object]):
    assert read_arguments(words) == expected


def test_an_argument_can_be_what_is_in_a_file(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("Dear all,\n")
    (tmp_path / "data.json").write_text('{"a": 1}\n')
    words = [f"letter=@{tmp_path}/letter.txt", f"data=@{tmp_path}/data.json"]
    assert read_arguments(words) == {"letter": "Dear all,\n", "data": {"a": 1}}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("input", "'input' is not an argument; write it as NAME=VALUE"),
        ("=x", "'=x' is not an argument"),
        (
            "a=@/no/such/file",
            "/no/such/file cannot be read: No such file or directory; .* write a=@@/no/such/file",
        ),
        (f"a=@{ROOT}", "cannot be read: Is a directory"),
        (f"a=@{ROOT / 'docs' / 'images' / 'chat.png'}", "is not UTF-8 text, so a cannot be sent"),
    ],
)
def test_a_word_that_is_not_an_argument_is_refused(word: str, reason: str):
    with pytest.raises(CommandError, match=reason):
        read_arguments([word])


def test_what_begins_like_json_and_is_none_is_sent_as_text_and_said(capsys: pytest.CaptureFixture[str]):
    assert read_arguments(["a={'b': 1}", "c=[1]"]) == {"a": "{'b': 1}", "c": [1]}
    said = capsys.readouterr().err
    assert said.startswith("localops: a is sent as text, because it is not JSON: Expecting property name")
    assert said.count("\n") == 1


def test_invoke_prints_the_result(desk: LocalopsProcess):
    done = command_for(desk, "invoke", "cases/echo", "input=hello", "count=3")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"input": "hello"' in done.stdout
    assert '"count": 3' in done.stdout
    assert "__ow_method" not in done.stdout


PLACE = ["--url", "URL", "--project", "PROJECT"]


@pytest.mark.parametrize(
    "words",
    [
        ["cases/echo", *PLACE, "input=hello", "count=3"],
        ["cases/echo", "input=hello", *PLACE, "count=3"],
        [*PLACE, "cases/echo", "input=hello", "count=3"],
        ["cases/echo", *PLACE[:2], "input=hello", *PLACE[2:], "count=3", "--no-stream"],
        ["--no-stream", "cases/echo", "input=first", *PLACE, "input=hello", "count=3"],
    ],
    ids=" ".join,
)
def test_invoke_takes_options_and_arguments_in_any_order(desk: LocalopsProcess, words: list[str]):
    place = {"URL": desk.url, "PROJECT": str(desk.project)}
    done = localops("invoke", *(place.get(word, word) for word in words))
    assert (done.returncode, done.stderr) == (0, "")
    assert {'"input": "hello"', '"count": 3'} <= {line.strip(" ,") for line in done.stdout.splitlines()}


def test_invoke_calls_what_is_no_web_action(desk: LocalopsProcess):
    done = command_for(desk, "invoke", "cases/private")
    assert (done.returncode, done.stdout) == (0, '{\n  "body": "not for the web"\n}\n')


def test_invoke_prints_the_text_of_a_stream(desk: LocalopsProcess):
    done = command_for(desk, "invoke", "cases/streams", "count=3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 1 2 \n", "")


def test_invoke_prints_text_as_it_comes(desk: LocalopsProcess):
    where = ["--url", desk.url, "--project", str(desk.project)]
    words = ["invoke", "cases/streams", "count=2", "pause=20", *where]
    with child([sys.executable, "-m", "localops", *words], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        stdout = process.stdout
        assert in_time(lambda: stdout.read(2), "the first number") == b"0 "
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130


def test_invoke_prints_the_result_of_a_stream_on_request(desk: LocalopsProcess):
    done = command_for(desk, "invoke", "streams/steps", "steps=[]", "--no-stream")
    assert '"streaming": true' in done.stdout


def test_invoke_prints_the_result_of_what_could_stream_and_did_not(desk: LocalopsProcess):
    answer = [["answer", {"body": {"streaming": True}}]]
    done = command_for(desk, "invoke", "streams/steps", f"steps={json.dumps(answer)}")
    assert (done.returncode, '"streaming": true' in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("action", "words", "printed", "reason"),
    [
        ("cases/fails", [], "", "localops: cases/fails failed (application error): this action always fails"),
        ("cases/exits", [], "", "localops: cases/exits failed (action developer error): command exited"),
        (
            "cases/streams",
            ["fail=true"],
            "0 1 2 \n",
            "localops: cases/streams failed (application error): too late",
        ),
    ],
)
def test_invoke_tells_why_an_action_failed(
    desk: LocalopsProcess, action: str, words: list[str], printed: str, reason: str
):
    done = command_for(desk, "invoke", action, *words)
    assert (done.returncode, done.stdout) == (1, printed)
    assert done.stderr.splitlines()[-1] == reason


def test_invoke_shows_what_a_failed_action_logged(desk: LocalopsProcess):
    assert "stdout: before" in command_for(desk, "invoke", "cases/fails").stderr


def test_logs_prints_what_was_logged(desk: LocalopsProcess):
    httpx.post(f"{desk.url}/api/my/cases/folder", timeout=PATIENCE_S)
    lines = command_for(desk, "logs", "cases/folder").stdout.splitlines()
    assert any(line.endswith("cases/folder | after a blank line") for line in lines)
    assert any("cases/folder success in " in line for line in lines)
    assert all("cases/folder" in line for line in lines)


def test_logs_says_that_there_is_nothing_yet(tmp_path: Path):
    (tmp_path / "packages").mkdir()
    with LocalopsProcess(project=tmp_path) as running:
        done = command_for(running, "logs")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "localops: nothing is logged yet; call an action, or wait for lines with -f\n"


def test_logs_follows_all_actions(desk: LocalopsProcess):
    words = ["logs", "-f", "--url", desk.url, "--project", str(desk.project)]
    with child(
        [sys.executable, "-m", "localops", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        httpx.post(f"{desk.url}/api/my/cases/folder", timeout=PATIENCE_S)
        lines = (line for line in process.stdout if "cases/folder | after a blank line" in line)
        assert in_time(lambda: next(lines), "the line that cases/folder logs")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cases/echo"], "/api/my/cases/echo"),
        (["cases/private"], "/api/v1/namespaces/_/actions/cases/private"),
        (["cases/streams", "--stream"], "/web/devel/cases/streams"),
    ],
)
def test_url_prints_an_address_alone(desk: LocalopsProcess, words: list[str], expected: str):
    done = command_for(desk, "url", *words)
    assert (done.returncode, done.stdout) == (0, f"{desk.url}{expected}\n")


def test_url_says_that_a_private_action_cannot_be_streamed_by_pages(desk: LocalopsProcess):
    done = command_for(desk, "url", "cases/private", "--stream")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("localops: cases/private is not a web action")


@pytest.mark.parametrize("name", ["invoke", "logs", "url"])
def test_an_action_that_there_is_not_is_said_with_what_there_is(desk: LocalopsProcess, name: str):
    done = command_for(desk, name, "cases/ecko")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("localops: there is no action 'cases/ecko'; did you mean cases/echo")


@pytest.mark.parametrize("words", [["invoke", "a/b"], ["logs"], ["url", "a/b"]])
def test_without_a_running_localops_the_way_out_is_said(desk: LocalopsProcess, words: list[str]):
    done = command(*words, url=NOBODY, project=desk.project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "localops: no localops answers at http://localhost:9; start it with `python3 -m localops up` in "
        "another terminal, or name its address with --url\n"
    )


def test_a_folder_that_never_ran_has_no_key(desk: LocalopsProcess, tmp_path: Path):
    done = command_for(desk, "invoke", "cases/echo", project=tmp_path)
    assert (done.returncode, "holds no key of a localops" in done.stderr) == (2, True)


def test_the_key_of_another_project_is_refused(desk: LocalopsProcess, tmp_path: Path):
    folder = tmp_path / "packages"
    folder.mkdir()
    with LocalopsProcess(project=tmp_path):
        done = command_for(desk, "invoke", "cases/echo", project=tmp_path)
    assert done.stderr.startswith(f"localops: localops at {desk.url} does not know the key of {tmp_path};")


def test_logs_says_that_localops_has_ended(tmp_path: Path):
    (tmp_path / "packages").mkdir()
    with LocalopsProcess(project=tmp_path) as running:
        words = ["logs", "-f", "--url", running.url, "--project", str(tmp_path)]
        with child(
            [sys.executable, "-m", "localops", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as following:
            running.wait_for_line("")
            assert running.stop() == 0
            _, said = following.communicate(timeout=PATIENCE_S)
            assert following.returncode == 2
    assert said.startswith("localops: ")


def localops(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localops", *words],
        cwd=ROOT,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("words", [["invoke", "a/b"], ["logs"], ["logs", "-f"], ["url", "a/b"]])
def test_another_program_at_the_address_is_told_from_localops(desk: LocalopsProcess, words: list[str]):
    page = Script("", routes={"/_localops/api/actions": [PAGE], "/_localops/api/logs": [PAGE]})
    with ScriptedOllama(page) as server:
        done = command(*words, url=server.url, project=desk.project)
    assert (done.returncode, done.stdout) == (2, "")
    expected = f"localops: the server at {server.url} is not a localops; name the right address with --url\n"
    assert done.stderr == expected


@pytest.mark.parametrize(
    "url", ["localhost:3233", "https://localhost:3233", "http://localhost:x", "http://[::1"]
)
def test_what_is_no_address_is_refused(url: str):
    done = command("logs", url=url, project=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"localops: {url!r} is not the address of a localops; write one such as http://localhost:3233\n"
    )


def test_a_folder_that_there_is_not_is_said(tmp_path: Path):
    done = command("logs", url=NOBODY, project=tmp_path / "none")
    assert (done.returncode, done.stderr) == (
        2,
        f"localops: there is no folder {tmp_path / 'none'}; name the one that localops runs with --project\n",
    )


@pytest.mark.parametrize("option", ["--port", "--debug-port"])
@pytest.mark.parametrize("port", ["65536", "-1", "http", "3.5", ""])
def test_what_is_no_port_is_refused(option: str, port: str):
    done = localops("up", f"{option}={port}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"{option}: {port} is not a port number (0 to 65535)\n")


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["up", "--prot", "3"], "up: error: unrecognized arguments: --prot 3"),
        (["up", "here"], "up: error: unrecognized arguments: here"),
        (["sync", "now"], "sync: error: unrecognized arguments: now"),
        (["invoke", "a/b", "--ulr", "x", "a=1"], "invoke: error: unrecognized arguments: --ulr"),
        (["invoke"], "invoke: error: the following arguments are required: PACKAGE/ACTION"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones_of_that_command(words: list[str], end: str):
    done = localops(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: python3 -m localops {words[0]} [-h]")
    assert done.stderr.endswith(f"{end}\n")


def test_without_words_the_commands_are_listed():
    done = localops()
    assert (done.returncode, done.stdout) == (2, "")
    assert "up        run a project: its actions, its page and a model" in done.stderr


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("up", "--model FILE.gguf"),
        ("invoke", 'chat/stateless input="Why is the sky blue?"'),
        ("logs", "--follow"),
        ("url", "PACKAGE/ACTION"),
        ("test", "test tests/contract"),
        ("check", "types"),
        ("sync", "--check"),
        ("bench", "--list"),
    ],
)
def test_each_command_explains_itself(name: str, part: str):
    done = localops(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: python3 -m localops {name}")
    assert part in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= WIDEST_HELP


@pytest.mark.parametrize("words", [["sync"], ["sync", "--check"]])
def test_sync_says_so_when_there_is_nothing_to_copy(words: list[str]):
    done = localops(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "all copies are up to date\n", "")


@pytest.mark.parametrize("name", ["test", "check"])
def test_tools_that_an_activated_venv_lacks_are_said(tmp_path: Path, name: str):
    """`up` alone installs no test tools; whoever then activates its .venv passes the installation by."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_TOOLS)
    done = localops(name, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not in this Python; run the same command outside of .venv" in done.stderr
