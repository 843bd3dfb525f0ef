"""The sockets on which the server answers: on this machine alone, both addresses that `localhost` may mean.

Browsers and curl try both; others, such as Node 18, try only the first that the system names, often `::1`.
"""

from __future__ import annotations

import errno
import os
import socket

from localops.errors import StartError

_LOCALHOST = ("127.0.0.1", "localhost")
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
# A port that the system chose for one address may be taken on the other.
_TRIES = 20


class Listening:
    """Open sockets on one port; use as a context manager.

    Args:
        port: 0 for any free one.

    Raises:
        StartError: the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self.sockets = opened(host, port)

    @property
    def port(self) -> int:
        return self.sockets[0].getsockname()[1]

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for each in self.sockets:
            each.close()


def opened(host: str, port: int) -> list[socket.socket]:
    for _ in range(_TRIES):
        try:
            first = listener(host, port)
        except OSError as error:
            raise refusal(host, port, error) from error
        if host not in _LOCALHOST:
            return [first]
        try:
            return [first, listener("::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [first]
            first.close()
            if port:
                raise refusal("::1", port, error) from error
    raise StartError("no port is free on both 127.0.0.1 and ::1; name one with --port")


def listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.create_server((host, port), family=family)
    # Connections inherit it. Python sets it itself only on sockets that it made from a host's name; without
    # it every answer waits 40 ms for the client's acknowledgement, and small messages wait for each other.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def refusal(host: str, port: int, error: OSError) -> StartError:
    if error.errno == errno.EADDRINUSE:
        return StartError(
            f"port {port} is taken by another program; end that program or choose a port with --port "
            "(0 takes any free one)"
        )
    # Of the error's own text Python makes a sentence with the address in it, a second time.
    reason = os.strerror(error.errno) if error.errno else error
    remedy = (
        "choose a port above 1023"
        if error.errno == errno.EACCES
        else "give --host an address of this machine"
    )
    return StartError(f"cannot listen on {host} port {port}: {reason}; {remedy}")
