"""The guard against foreign web pages.

A page on another site can reach a server on loopback, by CORS or by pointing its own name at 127.0.0.1. Both
are refused with an empty 403, as in Ollama.
Source: ollama server/routes.go:1776-1867, envconfig/config.go:88-115.
"""

from __future__ import annotations

import ipaddress
import re
import socket

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_LOCAL_SUFFIXES = (".localhost", ".local", ".internal")
_LOCAL_ORIGIN = (
    r"https?://(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?|(app|file|tauri)://.*|vscode-(webview|file)://.*"
)
_STAINLESS = ("Lang", "Package-Version", "OS", "Arch", "Retry-Count", "Runtime", "Runtime-Version", "Async")
_HEADERS = [
    "Authorization",
    "Content-Type",
    "User-Agent",
    "Accept",
    "X-Requested-With",
    *(
        f"x-stainless-{name}"
        for name in (*_STAINLESS, "Helper-Method", "Poll-Helper", "Custom-Poll-Interval", "Timeout")
    ),
]


def guarded(app: ASGIApp, origins: tuple[str, ...] = ()) -> ASGIApp:
    """Put an application behind the guard.

    Args:
        origins: more origins that may call, as `OLLAMA_ORIGINS` lists them; `*` stands for anything.
    """
    allowed = re.compile("|".join([_LOCAL_ORIGIN, *(_origin_pattern(origin) for origin in origins)]))
    cors = CORSMiddleware(
        app,
        allow_origin_regex=allowed.pattern,
        allow_methods=["GET", "POST", "HEAD", "DELETE"],
        allow_headers=_HEADERS,
    )
    return _Guard(cors, allowed)


class _Guard:
    def __init__(self, app: ASGIApp, allowed: re.Pattern[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._admits(Headers(scope=scope)):
            await Response(status_code=403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not is_local_host(host):
            return False
        same_site = origin in (f"http://{host}", f"https://{host}")
        return origin is None or same_site or self._allowed.fullmatch(origin) is not None


def is_local_host(host: str) -> bool:
    """Return whether a Host header names this machine or its private network."""
    name = re.sub(r":\d*$", "", host).strip("[]").lower()
    if name in ("", "localhost", socket.gethostname().lower()) or name.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_unspecified


def _origin_pattern(origin: str) -> str:
    return ".*".join(re.escape(part) for part in origin.split("*"))
