"""What stands before every request: whose host it names, where it comes from, and who sent it.

Three things are refused here. A request for another machine, so that a foreign page cannot rebind a name of
its own to this one and nobody can use this server as a proxy. A change asked for by a page of another origin,
where the CORS rules of OpenWhisk do not allow it. And, where other machines reach this server, everybody who
does not know the password that the person set: tools send it by HTTP Basic, browsers in a form, once.
Browsers are never asked for Basic, because they would send it along with requests that other pages make.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import html
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from localops.errors import RequestError, StartError
from localops.project.variables import Variable
from localops.routes.request import comes_from_another_origin, read_body
from localops.serving.foreign_navigation import is_foreign_navigation, sandboxed
from localops.serving.hosts import S3_HOST, STREAM_HOST, is_loopback, service_of

PASSWORD_VARIABLE = "LOCALOPS_PASSWORD"  # noqa: S105 - the name of a variable
SHORTEST_PASSWORD = 8
LOGIN_PATH = "/_localops/login"
# It checks a password itself. Source: apache/openserverless-cli auth/login.go.
OPS_LOGIN_PATH = "/api/v1/web/whisk-system/nuv/login"
# OpenWhisk and its streamer let pages of any origin call these; they know no ambient credentials.
OPEN_TO_ALL_ORIGINS = ("/api/", "/web/", "/action/")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

log = logging.getLogger("localops.serving.guard")


def password_for(listening_on: str, variable: Variable | None) -> str | None:
    """The password that everybody needs; None where only this machine reaches the server.

    Raises:
        StartError: other machines would reach it, and no password is set.
    """
    if is_loopback(listening_on):
        return None
    password = variable.value if variable else ""
    if len(password) < SHORTEST_PASSWORD:
        raise StartError(
            f"--host {listening_on} lets other machines in, so it needs a password of at least "
            f"{SHORTEST_PASSWORD} characters: set {PASSWORD_VARIABLE} in the environment or in .env"
        )
    return password


@dataclass(frozen=True)
class Signatures:
    """What S3 knows of a request's signature.

    Attributes:
        claimed: whether a request says that it is signed, so that nobody but S3 answers it.
        verified: whether it is.
    """

    claimed: Callable[[Scope], bool]
    verified: Callable[[Scope], bool]


class Guard:
    """Refuses what is named above and passes on the rest.

    Args:
        names: the names of this machine, see `hosts.own_names`.
        password: see `password_for`.
        api_key: `uuid:secret`; whoever shows it need not know the password.
        signatures: whoever signs a request for S3 need not know the password.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: Iterable[str],
        password: str | None,
        api_key: str,
        signatures: Signatures,
    ) -> None:
        self.app = app
        self.names = frozenset(names)
        self.signatures = signatures
        self.password = password
        self.api_key = api_key
        self.cookie = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        # Whoever leaves in the middle of a request is not there to be answered.
        with contextlib.suppress(ClientDisconnect):
            refusal = self.misdirected(request) or self.cross_origin(request) or await self.unknown(request)
            await (refusal or self.app_for(request))(scope, receive, send)

    def app_for(self, request: Request) -> ASGIApp:
        """What answers: other people's words never as a document of the page's origin."""
        is_others = str(request.scope["path"]).startswith(OPEN_TO_ALL_ORIGINS)
        return sandboxed(self.app) if is_others and is_foreign_navigation(request.headers) else self.app

    def misdirected(self, request: Request) -> Response | None:
        """The answer to a request that is for another machine."""
        if request.method == "CONNECT":
            text = "localops passes nothing on: as HTTP_PROXY it serves its own http:// names, and no others"
            return PlainTextResponse(f"{text}.\n", 405, {"allow": "GET, POST", "connection": "close"})
        hosts = request.headers.getlist("host")
        if len(hosts) == 1 and service_of(hosts[0], self.names) is not None:
            return None
        names = ", ".join(sorted(self.names))
        text = f"localops does not answer for {' and '.join(hosts) or 'a request without Host'}, only for "
        return PlainTextResponse(f"{text}{names} and the names devel., stream. and s3. before them.\n", 421)

    def cross_origin(self, request: Request) -> Response | None:
        """The answer to a change that a page of another origin asks for where no CORS rule allows it."""
        if request.method in SAFE_METHODS or self.is_open_to_all_origins(request):
            return None
        if not comes_from_another_origin(request.headers):
            return None
        return PlainTextResponse("A page of another origin may not change anything here.\n", 403)

    def is_open_to_all_origins(self, request: Request) -> bool:
        service = service_of(request.headers["host"], self.names)
        path = str(request.scope["path"])
        return (
            service in (STREAM_HOST, S3_HOST)
            or path.startswith(OPEN_TO_ALL_ORIGINS)
            or self.signatures.claimed(request.scope)
        )

    async def unknown(self, request: Request) -> Response | None:
        """The answer to somebody who does not show that they know the password."""
        if self.password is None or self.may_pass(request):
            return None
        if request.scope["path"] == LOGIN_PATH and request.method == "POST":
            return await self.login(request)
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return login_form()
        text = f"localops needs the password of {PASSWORD_VARIABLE}: by HTTP Basic, or a browser's form"
        return PlainTextResponse(f"{text}.\n", 401, {"www-authenticate": "Form"})

    def may_pass(self, request: Request) -> bool:
        if self.signatures.verified(request.scope) or request.scope["path"] == OPS_LOGIN_PATH:
            return True
        if request.method == "OPTIONS" and self.is_open_to_all_origins(request):
            return True
        if same(request.cookies.get(cookie_name(request), ""), self.cookie):
            return True
        return self.knows_secret(request.headers)

    def knows_secret(self, headers: Headers) -> bool:
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return same(value.strip(), self.api_key)
        if scheme.lower() != "basic":
            return False
        pair = decoded(value)
        # A browser that was once given this password may send it along with another page's request.
        knows_password = not comes_from_another_origin(headers) and same(
            pair.partition(":")[2], self.password or ""
        )
        return same(pair, self.api_key) or knows_password

    async def login(self, request: Request) -> Response:
        try:
            fields = parse_qs((await read_body(request)).decode(errors="replace"))
        except RequestError as error:
            return PlainTextResponse(error.message, error.status)
        if not same(fields.get("password", [""])[0], self.password or ""):
            log.warning("a wrong password was sent from %s", request.client.host if request.client else "?")
            return login_form("That is not the password.", 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(cookie_name(request), self.cookie, httponly=True, samesite="strict")
        return answer


def same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())


def decoded(value: str) -> str:
    """The text of Basic credentials; nothing when they are malformed."""
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def cookie_name(request: Request) -> str:
    # Cookies are shared by all ports of a host; each server keeps to its own.
    return f"localops_{request.scope['server'][1]}"


def login_form(problem: str = "", status: int = 401) -> Response:
    text = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>localops</title>
<form method="post" action="{LOGIN_PATH}">
<p role="alert">{html.escape(problem)}</p>
<label>Password <input type="password" name="password" required autofocus></label>
<button>Log in</button>
</form></html>
"""
    headers = {
        "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        "cache-control": "no-store",
        "www-authenticate": "Form",
    }
    return HTMLResponse(text, status, headers)
