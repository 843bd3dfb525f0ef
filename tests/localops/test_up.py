"""`up` as a person meets it: how it starts, follows edits, and ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from localops_process import PATIENCE_S, ROOT, LocalopsProcess
from waiting import eventually, in_time

HELLO = "#--web true\ndef main(args): return {'body': {'answer': 'one'}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Provide a project in a folder whose name has a space."""
    folder = tmp_path / "my project"
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "hello.py").write_text(HELLO)
    (folder / "web").mkdir()
    (folder / "web" / "index.html").write_text("<h1>the page</h1>")
    (folder / "web" / "style.css").write_text("h1 {}")
    return folder


@pytest.fixture
def running(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project) as process:
        yield process


def answer(running: LocalopsProcess, action: str = "hello") -> str:
    return httpx.post(f"{running.url}/api/my/demo/{action}", json={}, timeout=PATIENCE_S).text


def test_the_ready_line_names_the_real_port_and_is_alone_on_standard_output(running: LocalopsProcess):
    assert re.fullmatch(r"ready http://localhost:[1-9]\d+", running.ready_line)
    assert answer(running) == '{"answer":"one"}'
    assert running.stop() == 0
    assert running.process.stdout is not None
    assert in_time(running.process.stdout.read, "the end of standard output") == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_long_before_the_actions_would(project: Path, number: signal.Signals):
    source = (
        "#--web true\nimport os, time\ndef main(args):\n    print('pid', os.getpid())\n    time.sleep(600)\n"
    )
    (project / "packages" / "demo" / "long.py").write_text(source)
    with LocalopsProcess(project=project) as running, httpx.Client() as client:
        with pytest.raises(httpx.TimeoutException):
            client.post(f"{running.url}/api/my/demo/long", json={}, timeout=1)
        child = int(running.wait_for_line("demo/long | pid").rsplit(" ", 1)[1])
        # Idle it takes about a second; the action would take ten minutes.
        assert running.stop(number) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_an_edit_is_served_without_a_restart(running: LocalopsProcess, project: Path):
    running.wait_for_line("deployed: demo/hello")
    (project / "packages" / "demo" / "hello.py").write_text(HELLO.replace("one", "two"))
    running.wait_for_line("deployed: demo/hello")
    assert answer(running) == '{"answer":"two"}'


def test_new_renamed_and_deleted_files_are_followed(running: LocalopsProcess, project: Path):
    package = project / "packages" / "demo"
    running.wait_for_line("deployed: demo/hello")
    (package / "added.py").write_text(HELLO)
    running.wait_for_line("deployed: demo/added")
    (package / "added.py").rename(package / "renamed.py")
    running.wait_for_line("demo/renamed")
    assert httpx.post(f"{running.url}/api/my/demo/added", timeout=PATIENCE_S).status_code == 404
    assert answer(running, "renamed") == '{"answer":"one"}'
    (package / "renamed.py").unlink()
    running.wait_for_line("deployed: demo/renamed")
    assert httpx.post(f"{running.url}/api/my/demo/renamed", timeout=PATIENCE_S).status_code == 404


def test_a_syntax_error_is_reported_at_once_and_leaves_the_rest_running(
    running: LocalopsProcess, project: Path
):
    (project / "packages" / "demo" / "broken.py").write_text("#--web true\ndef main(args:\n")
    assert "broken.py line 2" in running.wait_for_line("demo/broken cannot run")
    assert "SyntaxError" in answer(running, "broken")
    assert answer(running) == '{"answer":"one"}'


def test_a_project_whose_packages_go_away_is_told_so_and_the_rest_is_served(
    running: LocalopsProcess, project: Path
):
    assert answer(running) == '{"answer":"one"}'
    shutil.rmtree(project / "packages")
    assert "start localops again" in running.wait_for_line("warning: packages/ cannot be read: ")
    assert httpx.get(running.url, timeout=PATIENCE_S).text == "<h1>the page</h1>"
    assert "No web action demo/hello is deployed" in answer(running)


def test_a_changed_env_file_reaches_the_actions(running: LocalopsProcess, project: Path):
    source = '#--web true\n#--param NAME "$NAME_OF_TEST"\ndef main(args): return {"body": args["NAME"]}\n'
    (project / "packages" / "demo" / "greets.py").write_text(source)
    running.wait_for_line("demo/greets")
    (project / ".env").write_text("NAME_OF_TEST=first\n")
    running.wait_for_line("demo/greets")
    assert answer(running, "greets") == "first"


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, "<h1>the page</h1>"),
        ("/index.html", 200, "<h1>the page</h1>"),
        ("/style.css", 200, "h1 {}"),
        ("/chat/some/thing", 200, "<h1>the page</h1>"),
        ("/missing.js", 404, "There is no file missing.js in web/.\n"),
        ("/../packages/demo/hello.py", 404, "There is no file packages/demo/hello.py in web/.\n"),
    ],
)
def test_the_site_is_served_with_its_index_as_the_fallback(
    running: LocalopsProcess, path: str, status: int, text: str
):
    found = httpx.get(running.url + path, timeout=PATIENCE_S)
    assert (found.status_code, found.text) == (status, text)


def refused(*words: str) -> str:
    """Return the sentence with which `up` refuses to start."""
    done = subprocess.run(
        [sys.executable, "-m", "localops", "up", "--no-open", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_taken_port_is_named(project: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"localops: port {port} is taken" in refused("--port", str(port), "--project", str(project))


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path):
    assert "has no folder packages/" in refused("--project", str(tmp_path))


def test_a_host_that_is_not_this_machine_is_refused(project: Path):
    said = refused("--host", "192.0.2.1", "--project", str(project))
    assert re.search(
        r"cannot listen on 192\.0\.2\.1 port \d+: [\w' ]+; give --host an address of this machine", said
    )


def test_ollama_host_of_the_environment_is_used_and_named(project: Path):
    with LocalopsProcess(project=project, environment={"OLLAMA_HOST": "example.test:1234"}) as running:
        assert running.wait_for_line("model: example.test:1234 (OLLAMA_HOST from environment)")


def test_packages_env_does_not_choose_the_model_of_the_desk(project: Path):
    (project / "packages" / ".env").write_text("OLLAMA_HOST=production.example\n")
    with LocalopsProcess(project=project) as running:
        assert "production.example" not in running.wait_for_line("model: ")


def a_user_without_inotify() -> list[str]:
    """Return words that start a command without any watch on files; none where the system cannot do that."""
    words = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    give_none = "echo 0 > /proc/sys/user/max_inotify_instances"
    if shutil.which("unshare") is None or subprocess.run([*words, give_none], check=False).returncode:
        return []
    return [*words, f'{give_none}; exec "$@"', "sh"]


def test_where_the_system_gives_no_watch_on_files_edits_are_followed_all_the_same(project: Path):
    before = a_user_without_inotify()
    if not before:
        pytest.skip("this system cannot be made to give no watch")
    with LocalopsProcess(project=project, before=before) as running:
        assert "localops looks there 4 times a second" in running.wait_for_line("the system cannot watch")
        (project / "packages" / "demo" / "hello.py").write_text(HELLO.replace("one", "two"))
        assert eventually(lambda: answer(running) == '{"answer":"two"}')
        (project / "packages" / "demo" / "new.py").write_text(HELLO)
        # With demo/hello in one line, where one look found both.
        running.wait_for_line("demo/new")
        assert len([line for line in running.log if "the system cannot watch" in line]) == 2
        assert not any("Traceback" in line for line in running.log)


def test_without_standard_input_it_starts_and_serves(project: Path):
    with LocalopsProcess(project=project, before=["sh", "-c", 'exec "$@" <&-', "sh"]) as running:
        assert answer(running) == '{"answer":"one"}'
        assert running.stop() == 0
