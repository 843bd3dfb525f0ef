"""The process behind the Redis of localops: an installed `redis-server`, else an embedded one.

It listens on a Unix socket, is started when somebody wants a connection, and again when it has died. An
installed server keeps its keys in a folder, the embedded one in memory. As in a cluster, the user may use the
keys of their own prefix and no others.
Source: apache/openserverless-operator nuvolaris/templates/redis_manage_user_tpl.txt.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

from localops import bootstrap
from localops.redis.gate import command

READ_BYTES = 65536
_START_TIMEOUT_S = 30.0  # on a busy machine; one that cannot start ends, and is not waited for
_LOOK_AGAIN_S = 0.005
# How long a server that another localops left behind may still need to write its keys down.
_LOCK_TIMEOUT_S = 2.0
_END_TIMEOUT_S = 1.5
# What redis-server writes of keys that it cannot read. Source: redis aof.c, rdb.c.
_BAD_FILE = re.compile(
    r"bad file format|unexpected end of file|wrong signature|corrupt|manifest", re.IGNORECASE
)
# Ends redis-server, with a last chance to write, when localops is gone and its pipe with it.
_WITH_PARENT = 'exec 3<&0 </dev/null; { read -r _ <&3; kill 0; } & exec "$@" 3<&-'

log = logging.getLogger("localops.redis")


class RedisProcess:
    """Starts a server and connects to it.

    Args:
        folder: where an installed server keeps its keys.
        password: of the user.

    Attributes:
        program: the installed server; None for the embedded one, which lets in whoever names no user.
    """

    def __init__(self, folder: Path, user: str, password: str) -> None:
        self.folder = folder
        self.user = user
        self.password = password
        self.program = shutil.which("redis-server")
        # The path of a Unix socket may have about a hundred characters, and a project's folder more.
        self.sockets = tempfile.TemporaryDirectory(prefix="localops-")
        self.path = Path(self.sockets.name) / "redis"
        self.process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self.is_closing = False
        self._reported = ""
        self._log_lines = 0

    async def connected(self) -> socket.socket | None:
        """Return a connection to the server, which is started when none runs; None when it cannot be."""
        async with self._starting:
            try:
                return await self._opened_or_started()
            except OSError as error:
                log.warning("redis: the server cannot be reached or started: %s", error)
                return None

    async def _opened_or_started(self) -> socket.socket | None:
        is_running = self.process is not None and self.process.returncode is None
        if is_running and (server := await self.opened()):
            return server
        # It never ran, or it died and that is not known yet.
        await self.end()
        self.process = await self.start()
        return await self.opened() if await self._is_ready(self.process) else None

    async def opened(self) -> socket.socket | None:
        """Return a connection to the server as it is; None when nobody listens."""
        while True:
            server = socket.socket(socket.AF_UNIX)
            server.setblocking(False)
            try:
                # A Unix socket connects at once or says why not; asyncio takes a full queue for connected.
                server.connect(str(self.path))
                return server
            except BlockingIOError:
                server.close()
                await asyncio.sleep(_LOOK_AGAIN_S)
            except (FileNotFoundError, ConnectionRefusedError):
                server.close()
                return None

    async def _is_ready(self, process: asyncio.subprocess.Process) -> bool:
        """Wait until a server has read its keys; False when it ends before, or takes too long."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while process.returncode is None and time.monotonic() < deadline:
            if server := await self.opened():
                with server, contextlib.suppress(ConnectionError):
                    if await self.answers(server):
                        return True
            await asyncio.sleep(_LOOK_AGAIN_S)
        return False

    async def answers(self, server: socket.socket) -> bool:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(server, command("AUTH", self.user, self.password) + command("PING"))
        answer = b""
        while answer.count(b"\r\n") < 2 and (part := await loop.sock_recv(server, READ_BYTES)):
            answer += part
        return answer.endswith(b"+PONG\r\n")

    async def start(self) -> asyncio.subprocess.Process:
        self.path.unlink(missing_ok=True)
        return await (self._start_embedded() if self.program is None else self._start_installed(self.program))

    async def _start_embedded(self) -> asyncio.subprocess.Process:
        options = ("--socket", str(self.path), "--user", self.user)
        process = await self.spawn(sys.executable, "-m", "localops.redis.embedded", *options)
        assert process.stdin is not None  # noqa: S101 - a pipe, see spawn
        process.stdin.write(f"{self.password}\n".encode())
        return process

    async def _start_installed(self, program: str) -> asyncio.subprocess.Process:
        folder, lock = await self._claim_folder()
        try:
            config = folder / "redis.conf"
            config.write_text(self.config(folder))
            log_file = self.folder / "redis.log"
            self._log_lines = len(log_file.read_bytes().splitlines()) if log_file.exists() else 0
            return await self.spawn("sh", "-c", _WITH_PARENT, "sh", program, str(config), keep_open=lock)
        finally:
            os.close(lock)

    async def spawn(self, *words: str, keep_open: int | None = None) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *words,
            # It ends when this pipe closes, so it cannot outlive this process.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=[] if keep_open is None else [keep_open],
            env={**os.environ, "PYTHONPATH": str(bootstrap.ROOT)},
            start_new_session=True,
        )
        self._watching = asyncio.create_task(self.watch(process))
        return process

    async def watch(self, process: asyncio.subprocess.Process) -> None:
        """Say when the server ends unasked."""
        status = await process.wait()
        assert process.stdin is not None  # noqa: S101 - a pipe, see spawn
        process.stdin.close()
        if not self.is_closing:
            self.report(f"the server ended with status {status}{self._last_words()}")

    def report(self, text: str) -> None:
        """Say what is wrong, once: every client that comes has the server started again."""
        if text != self._reported:
            self._reported = text
            log.warning("redis: %s; it is started again when needed", text)

    def _last_words(self) -> str:
        """Return why an installed server ended, as it wrote it, and what to do; "" where it wrote nothing."""
        try:
            lines = (self.folder / "redis.log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        # A line is `<pid>:<role> <day> <time> # <text>`.
        said = [line.partition(" # ")[2] for line in lines[self._log_lines :] if " # " in line]
        if not said:
            return ""
        text = next((each for each in said if _BAD_FILE.search(each)), said[-1])
        kept = self.folder / "appendonlydir"
        remedy = f"; its keys are in {kept}: move that folder away, or mend the file with redis-check-aof"
        return f": {text.rstrip('. ')}{remedy if _BAD_FILE.search(text) else ''}"

    async def _claim_folder(self) -> tuple[Path, int]:
        """Return the folder for the keys, held against a second server, which would damage them.

        Returns:
            The folder and the descriptor that holds it, to be inherited by the server.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _LOCK_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self.folder, lock
            await asyncio.sleep(_LOOK_AGAIN_S)
        log.warning(
            "redis: another localops has the keys of this project; this one forgets its own at its end"
        )
        return Path(self.sockets.name), lock

    def config(self, folder: Path) -> str:
        """Return what redis-server reads: no port, a user as in a cluster, every change written down."""
        digest = hashlib.sha256(self.password.encode()).hexdigest()
        lines = [
            "port 0",
            f"unixsocket {quoted(self.path)}",
            "unixsocketperm 700",
            f"dir {quoted(folder)}",
            "appendonly yes",
            'save ""',
            f"logfile {quoted(folder / 'redis.log')}",
            "loglevel warning",
            "user default off",
            f"user {self.user} on #{digest} ~{self.user}:* +@all",
        ]
        return "\n".join([*lines, ""])

    async def close(self) -> None:
        """End the server for good."""
        self.is_closing = True
        await self.end()
        self.sockets.cleanup()

    async def end(self) -> None:
        """End the server as its parent's end would, and by force when it does not follow."""
        process = self.process
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - a pipe, see spawn
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        await self._watching


def quoted(path: Path) -> str:
    """Return a path as a word of redis.conf."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
