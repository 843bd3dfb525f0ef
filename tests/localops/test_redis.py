"""The Redis of localops: an installed one and the embedded one, as clients and as its keeper meet them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import httpx
import pytest
import redis
from localops_process import LocalopsProcess
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry
from waiting import ended

from localops.errors import StartError
from localops.project.variables import Variable
from localops.redis import host as redis_host
from localops.redis.gate import MalformedCommandError, answer_to, command, first_command
from localops.redis.process import RedisProcess
from localops.redis.server import RedisServer

PASSWORD = "a-password"
DEADLINE_S = 60


class Running:
    """A RedisServer at work in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()))

    async def serve(self) -> None:
        self.process = RedisProcess(self.folder, "devel", PASSWORD)
        self.server = RedisServer(self.process)
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.create_task(self.server.run())
        self.started.set()
        await asyncio.gather(self.task, return_exceptions=True)

    def __enter__(self) -> Running:
        self.thread.start()
        assert self.started.wait(DEADLINE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(DEADLINE_S)
        assert not self.thread.is_alive()

    def client(
        self, user: str = "devel", password: str | None = PASSWORD, protocol: int = 2, retries: int = 0
    ) -> redis.Redis:
        return redis.Redis(
            host="127.0.0.1",
            port=self.server.port,
            username=user,
            password=password,
            protocol=protocol,
            retry=Retry(NoBackoff(), retries),
            # The first command waits for the server's start, longer than redis-py's 5 s on a busy machine.
            socket_timeout=DEADLINE_S,
        )

    def pid(self) -> int:
        assert self.process.process is not None
        return self.process.process.pid


@pytest.fixture(params=["installed", "embedded"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    if request.param == "embedded":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        need_redis_server()
    return request.param


def need_redis_server() -> None:
    if shutil.which("redis-server"):
        return
    if os.environ.get("LOCALOPS_REQUIRE_ALL"):
        pytest.fail("an installed redis-server must be tested, and there is none")
    pytest.skip("no redis-server is installed")


@pytest.fixture
def running(kind: str, tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path / "kept here") as server:
        assert (server.process.program is None) is (kind == "embedded")
        yield server


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Running]:
    need_redis_server()
    with Running(tmp_path / "kept here") as server:
        yield server


def eventually(holds: Callable[[], bool], timeout_s: float = DEADLINE_S) -> bool:
    deadline = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < deadline:
        os.sched_yield()
    return holds()


def is_alive(pid: int) -> bool:
    try:
        # A process that ended but that nobody waited for still has a number.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("protocol", [2, 3])
def test_the_user_sets_and_gets_what_a_chat_needs(running: Running, protocol: int):
    with running.client(protocol=protocol) as client:
        client.set("devel:stop:1", b"\r\n\0" * 5000, ex=60)
        assert client.get("devel:stop:1") == b"\r\n\0" * 5000
        assert 0 < client.ttl("devel:stop:1") <= 60
        client.rpush("devel:list", "a", "b")
        assert client.lrange("devel:list", 0, -1) == [b"a", b"b"]
        pipeline = client.pipeline()
        pipeline.incr("devel:n")
        pipeline.incr("devel:n")
        assert pipeline.execute() == [1, 2]
        assert client.delete("devel:n") == 1


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize(
    ("user", "password"), [("devel", "wrong"), ("default", PASSWORD), ("default", None), ("other", PASSWORD)]
)
def test_nobody_else_is_let_in(running: Running, user: str, password: str | None, protocol: int):
    with (
        running.client(user, password, protocol) as client,
        pytest.raises((redis.AuthenticationError, redis.ConnectionError)),
    ):
        client.get("devel:x")


def test_keys_of_others_are_refused_as_in_a_cluster(running: Running):
    with running.client() as client, pytest.raises(NoPermissionError):
        client.set("other:x", "1")


def test_a_browser_that_is_made_to_ask_gets_nothing(running: Running):
    with socket.create_connection(("127.0.0.1", running.server.port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n*1\r\n$4\r\nPING\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"PONG" not in answer


def test_many_clients_at_once_each_get_their_own_answers(running: Running):
    def work(number: int) -> None:
        with running.client() as client:
            for n in range(20):
                client.set(f"devel:{number}", n)
                if int(client.get(f"devel:{number}") or -1) != n:
                    wrong.append(number)

    wrong: list[int] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        ended(thread)
    assert wrong == []


def test_no_server_runs_until_somebody_connects(running: Running):
    assert running.process.process is None
    with running.client() as client:
        assert client.ping()
    assert is_alive(running.pid())


def test_a_server_that_died_is_started_again_by_the_next_client(running: Running):
    with running.client() as client:
        assert client.ping()
        first = running.pid()
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: not is_alive(first))
    # A dying process may still take a connection and drop it; redis-py tries three times by itself.
    with running.client(retries=3) as client:
        assert client.ping()
    assert running.pid() != first


@pytest.mark.usefixtures("kind")
def test_the_end_of_localops_is_the_end_of_the_server(tmp_path: Path):
    with Running(tmp_path / "keys") as running:
        with running.client() as client:
            assert client.ping()
        pid = running.pid()
    assert not is_alive(pid)


@pytest.mark.usefixtures("kind")
def test_a_client_that_stays_does_not_hold_up_the_end(tmp_path: Path):
    with Running(tmp_path / "keys") as running:
        client = running.client()
        client.ping()
    assert running.task.done()
    client.close()


def test_an_installed_server_keeps_keys_between_runs(tmp_path: Path):
    need_redis_server()
    for expected in (None, b"kept"):
        with Running(tmp_path / "keys") as running, running.client() as client:
            assert client.get("devel:x") == expected
            client.set("devel:x", "kept")
            os.kill(running.pid(), signal.SIGTERM if expected is None else signal.SIGKILL)


def test_a_second_localops_does_not_touch_the_keys_of_the_first(
    installed: Running, caplog: pytest.LogCaptureFixture
):
    with installed.client() as client:
        client.set("devel:x", "first")
    with Running(installed.folder) as second, second.client() as client:
        assert client.get("devel:x") is None
    assert "another localops has the keys of this project" in caplog.text
    with installed.client() as client:
        assert client.get("devel:x") == b"first"


def test_the_password_is_in_no_file_and_no_command_line(running: Running):
    with running.client() as client:
        client.set("devel:x", "1")
    assert PASSWORD not in Path(f"/proc/{running.pid()}/cmdline").read_text()
    kept = [path for path in running.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]


@pytest.mark.parametrize("damaged", ["base", "incr", "manifest"])
def test_a_damaged_file_of_keys_is_named_with_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: str
):
    need_redis_server()
    folder = tmp_path / "keys"
    with Running(folder) as first, first.client() as client:
        client.set("devel:a", "b")
    (file,) = (folder / "appendonlydir").glob(f"*{damaged}*")
    file.write_bytes(b"this is not what redis-server wrote" * 100)
    with Running(folder) as second:
        for _ in range(3):
            with second.client() as client, pytest.raises(redis.ResponseError, match="could not start Redis"):
                client.ping()
    (told,) = [each.getMessage() for each in caplog.records if "ended with status" in each.getMessage()]
    kept = folder / "appendonlydir"
    assert f"its keys are in {kept}: move that folder away, or mend the file with redis-check-aof" in told
    assert damaged == "manifest" or f"{damaged}." in told


def test_a_server_that_cannot_start_is_said_to_the_client_and_on_the_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with (
        Running(tmp_path / "keys") as running,
        running.client() as client,
        pytest.raises(redis.ResponseError, match="could not start Redis"),
    ):
        client.ping()
    assert "the server ended with status 7" in caplog.text


@pytest.mark.parametrize(
    ("words", "opens"),
    [
        (("AUTH", "devel", "pw"), True),
        (("auth", "devel", "pw"), True),
        (("HELLO", "3", "AUTH", "devel", "pw"), True),
        (("HELLO", "3", "SETNAME", "x", "AUTH", "devel", "pw"), True),
        (("AUTH", "devel", "no"), False),
        (("AUTH", "pw"), False),
        (("AUTH", "devel:pw"), False),
        (("AUTH",), False),
        (("HELLO", "3"), False),
        (("HELLO", "3", "AUTH", "devel"), False),
        (("GET", "x"), False),
        (("GET", "AUTH", "devel", "pw"), False),
    ],
)
def test_the_gate_opens_to_the_password_alone(words: tuple[str, ...], opens: bool):
    whole = command(*words)
    for cut in range(len(whole)):
        assert first_command(whole[:cut]) is None
    read = first_command(whole + b"more") or []
    assert read == [word.encode() for word in words]
    assert (answer_to(read, "devel", "pw") is None) is opens


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n", b"PING\r\n", b"*x\r\n", b"*1\r\n:1\r\n", b"*1\r\n$3\r\nlong\r\n", b"*" * 5000],
)
def test_what_is_no_command_does_not_pass_the_gate(data: bytes):
    with pytest.raises(MalformedCommandError):
        first_command(data)


@pytest.mark.parametrize(
    ("url", "prefix", "source", "expected"),
    [
        ("redis://u:p@example.org:1234", "mine:", ".env", ("example.org", "1234", "mine:", "p")),
        ("redis://example.org", None, "environment", ("example.org", "6379", "devel:", "")),
        ("unix:///run/redis.sock", None, "environment", ("/run/redis.sock", "6379", "devel:", "")),
    ],
)
def test_the_persons_own_redis_is_used_and_named_without_its_password(
    url: str, prefix: str | None, source: str, expected: tuple[str, str, str, str]
):
    variables = {"REDIS_URL": Variable(url, source)}
    if prefix:
        variables["REDIS_PREFIX"] = Variable(prefix, source)
    host = redis_host.chosen_by_person(variables)
    assert host is not None
    names = ("REDIS_SERVICE", "REDIS_PORT", "REDIS_PREFIX", "REDIS_PASSWORD")
    assert tuple(host.variables[name] for name in names) == expected
    assert host.variables["REDIS_URL"] == url
    assert host.line == f"redis: {expected[0]} (REDIS_URL from {source})"


def test_without_a_url_nothing_is_chosen():
    assert redis_host.chosen_by_person({"REDIS_URL": Variable("", ".env")}) is None
    assert redis_host.chosen_by_person({}) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("secret", "it does not begin with redis://, rediss:// or unix://"),
        ("secret.example.org:6379", "it does not begin with"),
        ("http://u:secret@host", "it does not begin with"),
        ("redis://", "it names no host"),
        ("redis://:secret@", "it names no host"),
        ("redis:secret", "it names no host"),
        ("unix://", "it names no host"),
        ("redis://u:secret@host:port", "its host or its port is malformed"),
        ("redis://host:secret", "its host or its port is malformed"),
        ("redis://u:secret@[host", "its host or its port is malformed"),
    ],
)
def test_what_is_no_address_of_a_redis_is_refused_without_being_shown(url: str, reason: str):
    with pytest.raises(StartError) as error:
        redis_host.chosen_by_person({"REDIS_URL": Variable(url, ".env")})
    assert str(error.value).startswith(f"REDIS_URL from .env is not the address of a Redis: {reason}")
    assert "remove it to use the Redis of localops" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_login_value_is_a_text_and_opens_the_server(running: Running, kind: str):
    host = redis_host.own(running.server)
    assert all(isinstance(value, str) for value in host.variables.values())
    assert PASSWORD not in host.line
    assert ("embedded" in host.line) is (kind == "embedded")
    with redis.Redis.from_url(host.variables["REDIS_URL"], socket_timeout=DEADLINE_S) as client:
        assert client.set(f"{host.variables['REDIS_PREFIX']}x", "1")


USES_REDIS = """#--web true
#--param REDIS_URL "$REDIS_URL"
#--param REDIS_PREFIX "$REDIS_PREFIX"
import redis

def main(args):
    with redis.Redis.from_url(args["REDIS_URL"], socket_timeout=60) as client:
        return {"body": {"count": client.incr(args["REDIS_PREFIX"] + "count"), "url": args["REDIS_URL"]}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    (tmp_path / "packages" / "demo" / "counts.py").write_text(USES_REDIS)
    return tmp_path


def count(process: LocalopsProcess) -> int:
    return httpx.post(f"{process.url}/api/my/demo/counts", json={}, timeout=DEADLINE_S).json()["count"]


def test_actions_count_in_redis_from_run_to_run_and_nothing_stays_behind(project: Path):
    need_redis_server()
    for first in (1, 3):
        with LocalopsProcess(project=project) as process:
            assert "started when first asked" in process.wait_for_line("redis: ")
            assert [count(process), count(process)] == [first, first + 1]
            children = redis_processes(project)
            assert len(children) == 1
            assert process.stop() == 0
        assert not [pid for pid in children if is_alive(pid)]


def test_redis_ends_when_localops_is_killed(project: Path):
    need_redis_server()
    with LocalopsProcess(project=project) as process:
        assert count(process) == 1
        children = redis_processes(project)
        process.stop(signal.SIGKILL)
        assert eventually(lambda: not [pid for pid in children if is_alive(pid)])
    with LocalopsProcess(project=project) as process:
        assert count(process) == 2


def test_the_redis_that_the_person_names_is_used(
    project: Path, installed: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("REDIS_PREFIX", raising=False)
    url = f"redis://devel:{PASSWORD}@127.0.0.1:{installed.server.port}"
    (project / ".env").write_text(f"REDIS_URL={url}\nREDIS_PREFIX=devel:mine:\n")
    (project / "packages" / ".env").write_text("REDIS_URL=redis://production.example\n")
    with LocalopsProcess(project=project) as process:
        line = process.wait_for_line("redis: ")
        assert line.endswith("redis: 127.0.0.1 (REDIS_URL from .env)")
        assert count(process) == 1
    with installed.client() as client:
        assert client.get("devel:mine:count") == b"1"


def redis_processes(project: Path) -> list[int]:
    """Return the servers that keep their keys in a project."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == project / ".localops" / "redis" and is_server(entry.parent):
                found.append(int(entry.parent.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def is_server(process: Path) -> bool:
    return "redis-server" in (process / "comm").read_text()
