"""The guard before every request: whose host it names, where it comes from, and who sent it.

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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from localops.access.attempts import Attempts, refusal_text
from localops.errors import RequestError, StartError
from localops.openwhisk.namespace import USER
from localops.project.variables import Variable
from localops.routes.login import PATH as OPS_LOGIN_PATH
from localops.routes.request import comes_from_another_origin, read_body
from localops.serving.foreign_navigation import is_foreign_navigation, sandboxed
from localops.serving.hosts import S3_HOST, STREAM_HOST, is_loopback, service_of

PASSWORD_VARIABLE = "LOCALOPS_PASSWORD"  # noqa: S105 - the name of a variable
_MIN_PASSWORD_LENGTH = 8
LOGIN_PATH = "/_localops/login"
# OpenWhisk and its streamer let pages of any origin call these; they know no ambient credentials.
_OPEN_TO_ALL_ORIGINS = ("/api/", "/web/", "/action/")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

log = logging.getLogger("localops.serving.guard")


def password_for(listening_on: str, variable: Variable | None) -> str | None:
    """Return the password that everybody needs; None where only this machine reaches the server.

    Raises:
        StartError: other machines would reach it, and no password is set.
    """
    if is_loopback(listening_on):
        return None
    password = variable.value if variable else ""
    if len(password) < _MIN_PASSWORD_LENGTH:
        raise StartError(
            f"--host {listening_on} lets other machines in, so it needs a password of at least "
            f"{_MIN_PASSWORD_LENGTH} characters: set {PASSWORD_VARIABLE} in the environment or in .env"
        )
    return password


@dataclass(frozen=True)
class Signatures:
    """S3's knowledge of a request's signature.

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
        attempts: at the password, here and at the login of the `ops` tools.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: Iterable[str],
        password: str | None,
        api_key: str,
        signatures: Signatures,
        attempts: Attempts,
    ) -> None:
        self._app = app
        self.names = frozenset(names)
        self._signatures = signatures
        self.password = password
        self.api_key = api_key
        self.attempts = attempts
        self.cookie = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        # Whoever leaves in the middle of a request is not there to be answered.
        with contextlib.suppress(ClientDisconnect):
            refusal = self._misdirected(request) or self._cross_origin(request) or await self.unknown(request)
            await (refusal or self._app_for(request))(scope, receive, send)

    def _app_for(self, request: Request) -> ASGIApp:
        """Return what answers: other people's words never as a document of the page's origin."""
        is_others = str(request.scope["path"]).startswith(_OPEN_TO_ALL_ORIGINS)
        return sandboxed(self._app) if is_others and is_foreign_navigation(request.headers) else self._app

    def _misdirected(self, request: Request) -> Response | None:
        """Return the answer to a request that is for another machine."""
        if request.method == "CONNECT":
            text = "localops passes nothing on: as HTTP_PROXY it serves its own http:// names, and no others"
            return PlainTextResponse(f"{text}.\n", 405, {"allow": "GET, POST", "connection": "close"})
        hosts = request.headers.getlist("host")
        if len(hosts) == 1 and service_of(hosts[0], self.names) is not None:
            return None
        names = ", ".join(sorted(self.names))
        text = f"localops does not answer for {' and '.join(hosts) or 'a request without Host'}, only for "
        return PlainTextResponse(f"{text}{names} and the names devel., stream. and s3. before them.\n", 421)

    def _cross_origin(self, request: Request) -> Response | None:
        """Return the answer to a change that a page of another origin asks for where no rule allows it."""
        if request.method in _SAFE_METHODS or self._is_open_to_all_origins(request):
            return None
        if not comes_from_another_origin(request.headers):
            return None
        return PlainTextResponse("A page of another origin may not change anything here.\n", 403)

    def _is_open_to_all_origins(self, request: Request) -> bool:
        service = service_of(request.headers["host"], self.names)
        path = str(request.scope["path"])
        return (
            service in (STREAM_HOST, S3_HOST)
            # No page needs the login of the `ops` tools, and one could guess passwords there.
            or (path.startswith(_OPEN_TO_ALL_ORIGINS) and path != OPS_LOGIN_PATH)
            or self._signatures.claimed(request.scope)
        )

    async def unknown(self, request: Request) -> Response | None:
        """Return the answer to somebody who does not show that they know the password."""
        if self.password is None or self._may_pass(request):
            return None
        if request.scope["path"] == LOGIN_PATH and request.method == "POST":
            return await self.login(request)
        wait_s = 0
        if (given := _basic_password(request.headers)) is not None:
            wait_s = self.attempts.wait_s(USER, _address_of(request))
            if not wait_s and self._is_right(request, given):
                return None
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return _login_form()
        if wait_s:
            return PlainTextResponse(f"{refusal_text(wait_s)}\n", 429, {"retry-after": str(wait_s)})
        text = f"localops needs the password of {PASSWORD_VARIABLE}: by HTTP Basic, or a browser's form"
        return PlainTextResponse(f"{text}.\n", 401, {"www-authenticate": "Form"})

    def _may_pass(self, request: Request) -> bool:
        """Return whether a request shows something that cannot be guessed, or needs nothing of the kind."""
        if self._signatures.verified(request.scope):
            return True
        if request.scope["path"] == OPS_LOGIN_PATH:
            return True  # it checks a password itself
        if request.method == "OPTIONS" and self._is_open_to_all_origins(request):
            return True
        if _same(request.cookies.get(_cookie_name(request), ""), self.cookie):
            return True
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return _same(value.strip(), self.api_key)
        return scheme.lower() == "basic" and _same(decoded(value), self.api_key)

    def _is_right(self, request: Request, given: str) -> bool:
        """Return whether a password is the right one; a wrong one is counted and reported."""
        if _same(given, self.password or ""):
            return True
        address = _address_of(request)
        self.attempts.note_wrong(USER, address)
        log.warning("a wrong password was sent from %s", address)
        return False

    async def login(self, request: Request) -> Response:
        try:
            fields = parse_qs((await read_body(request)).decode(errors="replace"))
        except RequestError as error:
            return PlainTextResponse(error.message, error.status)
        if wait_s := self.attempts.wait_s(USER, _address_of(request)):
            return _login_form(refusal_text(wait_s), 429, {"retry-after": str(wait_s)})
        if not self._is_right(request, fields.get("password", [""])[0]):
            return _login_form("That is not the password.", 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(_cookie_name(request), self.cookie, httponly=True, samesite="strict")
        return answer


def _basic_password(headers: Headers) -> str | None:
    """Return the password that a tool sends by HTTP Basic; None where there is none.

    A browser that was once given it may send it along with another page's request: that counts as none.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or comes_from_another_origin(headers):
        return None
    return decoded(value).partition(":")[2]


def _address_of(request: Request) -> str:
    return request.client.host if request.client else "?"


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())


def decoded(value: str) -> str:
    """Return the text of Basic credentials; nothing when they are malformed."""
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _cookie_name(request: Request) -> str:
    # Cookies are shared by all ports of a host; each server keeps to its own.
    return f"localops_{request.scope['server'][1]}"


def _login_form(problem: str = "", status: int = 401, more: Mapping[str, str] | None = None) -> Response:
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
        **(more or {}),
    }
    return HTMLResponse(text, status, headers)
