"""The names under which one port answers, and what each of them is.

| name | what answers |
|---|---|
| `localhost`, `127.0.0.1` | API, web actions, streamer, and the project's page as it is on disk |
| `devel.localhost` | API, web actions, and the site as it was uploaded, over the page on disk |
| `stream.localhost` | the streamer alone |
| `s3.localhost` | S3 alone |

A request that carries an S3 signature goes to S3 under every name: Python and Node resolve `localhost`
everywhere, but `s3.localhost` on few systems, and no other request looks like a signed one. There S3 answers
only what the signature proves, and no object is a document: it would be one of the page's origin.
Source: apache/openserverless-operator nuvolaris/endpoint.py.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from localops.openwhisk.namespace import USER

STREAM_HOST = "stream"
S3_HOST = "s3"
_SERVICES = (USER, STREAM_HOST, S3_HOST)
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not listened on


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens on this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_name(listening_on: str) -> str:
    """Return the name by which people and actions reach a server.

    It is `localhost` and no sub-domain: Chromium and Firefox resolve `*.localhost`, Python and Node do so
    only where the system's resolver does. What `ops` reaches under other names answers under this one too.
    """
    if is_loopback(listening_on):
        return "localhost"
    if listening_on in _ANY_ADDRESS:
        return socket.gethostname()
    return f"[{listening_on}]" if ":" in listening_on else listening_on


def own_names(listening_on: str) -> frozenset[str]:
    """Return the host names for which a server answers, beside the service names in front of each."""
    if is_loopback(listening_on):
        return frozenset(_THIS_MACHINE)
    machine = socket.gethostname().lower()
    return frozenset({*_THIS_MACHINE, listening_on.lower(), machine, f"{machine}.local"})


def _host_name(header: str) -> str:
    """Return the name in a Host header: without the port, without a final dot, in small letters."""
    name = header.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].removesuffix(".")


def service_of(header: str, names: Iterable[str]) -> str | None:
    """Return which of SERVICES a Host header names; "" for the plain name, None for another machine."""
    name = _host_name(header)
    first, _, rest = name.partition(".")
    if name in names:
        return ""
    return first if first in _SERVICES and rest in names else None


class VirtualHosts:
    """Hands each request to the application of its name.

    Args:
        services: an application for "" (the plain name) and for each of SERVICES.
        names: what counts as the plain name.
        signed: answers requests that claim an S3 signature under another name than S3's; it verifies them.
        claims_signature: tells such requests.
    """

    def __init__(
        self,
        services: Mapping[str, ASGIApp],
        names: Iterable[str],
        signed: ASGIApp,
        claims_signature: Callable[[Scope], bool],
    ) -> None:
        self._services = services
        self._names = frozenset(names)
        self._signed = signed
        self._claims_signature = claims_signature

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = service_of(Headers(scope=scope).get("host", ""), self._names) or ""
        elsewhere = service != S3_HOST and self._claims_signature(scope)
        await (self._signed if elsewhere else self._services[service])(scope, receive, send)
