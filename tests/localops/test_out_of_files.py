"""More streams than the system gives files for: each is answered or told why not, then all works again."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cloud import LOGIN_PATH
from localops_process import ROOT, LocalopsProcess, copy_of
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


SPARE_FILES = 12


@contextlib.contextmanager
def few_files(running: LocalopsProcess) -> Iterator[None]:
    """Let a localops open only a few more files."""
    pid = running.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(pid) + SPARE_FILES, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def redis_port(running: LocalopsProcess, project: Path) -> int:
    """Return where the Redis of a localops listens, as a login says it."""
    password = json.loads((project / ".localops" / "credentials.json").read_text())["password"]
    members = {"login": "devel", "password": password}
    return int(httpx.post(running.url + LOGIN_PATH, json=members, timeout=TIMEOUT_S).json()["REDIS_PORT"])


@pytest.mark.parametrize("kind", ["http", "redis", "both"])
def test_more_connections_than_files_wait_and_end_nothing(running: LocalopsProcess, project: Path, kind: str):
    http, redis = int(running.url.rpartition(":")[2]), redis_port(running, project)
    ports = {"http": [http], "redis": [redis], "both": [http, redis]}[kind]
    with few_files(running), contextlib.ExitStack() as held:
        for number in range(8 * SPARE_FILES):
            address = ("127.0.0.1", ports[number % len(ports)])
            held.enter_context(socket.create_connection(address, timeout=10))
        running.wait_for_line("connections have to wait until others end: Too many open files")
        # It is told once in a while and not for each of them, also when they go on to come.
        for _ in range(20):
            held.enter_context(socket.create_connection(("127.0.0.1", ports[0]), timeout=10))
    assert httpx.get(running.url, timeout=TIMEOUT_S).status_code == 200
    with socket.create_connection(("127.0.0.1", redis), timeout=TIMEOUT_S) as client:
        client.sendall(b"*1\r\n$4\r\nPING\r\n")
        assert client.recv(100).startswith(b"-NOAUTH")
    assert running.process.poll() is None
    assert len([line for line in running.log if "have to wait" in line]) <= len(ports)
    assert not [line for line in running.log if "Traceback" in line or "Exception" in line]
    assert len(running.log) < 20


DESCRIPTORS = 64
WITHIN = ["sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh"]
ITALY = {"input": "What is the capital of Italy?"}
ACTIONS = 20
CONNECTIONS = 6  # a browser's own, to one place


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalopsProcess]:
    """Provide a localops with the built-in model, of which no process may open more than 64 files."""
    project = copy_of(ROOT, tmp_path_factory.mktemp("narrow") / "project")
    (project / "packages" / "many").mkdir()
    for number in range(ACTIONS):
        source = f"#--web true\ndef main(args): return {{'body': '{number}'}}\n"
        (project / "packages" / "many" / f"a{number}.py").write_text(source)
    with LocalopsProcess(project=project, before=WITHIN) as process:
        yield process


def test_with_64_files_the_menu_the_page_and_a_chat_are_there(narrow: LocalopsProcess):
    limits = resource.prlimit(narrow.process.pid, resource.RLIMIT_NOFILE)
    assert limits == (DESCRIPTORS, DESCRIPTORS)
    menu = httpx.get(narrow.url + "/api/my/mastrogpt/index", timeout=TIMEOUT_S).json()
    assert menu["services"]
    files = [file.relative_to(ROOT / "web") for file in (ROOT / "web").rglob("*") if file.is_file()]
    with httpx.Client(timeout=TIMEOUT_S) as client, ThreadPoolExecutor(CONNECTIONS) as pool:
        paths = ["/", *(f"/{path.as_posix()}" for path in files)]
        assert {
            answer.status_code for answer in pool.map(client.get, [narrow.url + path for path in paths])
        } == {200}
    for chat in ("chat/stateless", "chat/assistant"):
        answer = httpx.post(f"{narrow.url}/web/devel/{chat}", json=ITALY, timeout=TIMEOUT_S)
        assert "Rome" in "".join(re.findall(r'"output": "([^"]*)"', answer.text)), chat


def test_with_64_files_one_action_after_another_works(narrow: LocalopsProcess):
    for _ in range(2):
        for number in range(ACTIONS):
            answer = httpx.get(f"{narrow.url}/api/my/many/a{number}", timeout=TIMEOUT_S)
            assert (answer.status_code, answer.text) == (200, str(number))
    assert open_files(narrow.process.pid) < DESCRIPTORS * 3 // 4  # a quarter is left for who comes next


def test_with_64_files_many_chats_at_once_are_answered_or_told_why_not(narrow: LocalopsProcess):
    def chat(_: int) -> httpx.Response:
        return httpx.post(f"{narrow.url}/web/devel/chat/stateless", json=ITALY, timeout=TIMEOUT_S)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(chat, range(AT_ONCE)))
    refused = [answer.text for answer in answers if "Too many open files" in answer.text]
    assert len(refused) < AT_ONCE
    assert all("Rome" in answer.text for answer in answers if answer.text not in refused)
    assert "Rome" in chat(0).text
    assert not [line for line in narrow.log if "Traceback" in line or "Exception in" in line]
