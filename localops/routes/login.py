"""Answer the login of the `ops` tools: `POST /api/v1/web/whisk-system/nuv/login`.

Source: apache/openserverless-cli auth/login.go, apache/openserverless-operator actions/login/__main__.py.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from localops.access.attempts import Attempts, refusal_text
from localops.errors import RequestError
from localops.openwhisk.request_content import json_object
from localops.routes.request import error_response, read_body
from localops.routes.web import cors_headers

PATH = "/api/v1/web/whisk-system/nuv/login"
_MISSING_TEXT = "please provide login and password parameters"

_log = logging.getLogger("localops.login")


class Login:
    """Gives a client everything it needs to know about this server.

    Args:
        answer: what a login returns: only texts, since a number or a boolean ends the client.
    """

    def __init__(self, user: str, password: str, answer: Mapping[str, str], attempts: Attempts) -> None:
        self._user = user
        self._password = password
        self._answer = answer
        self._attempts = attempts

    def routes(self) -> list[Route]:
        return [Route(PATH, self._log_in, methods=["POST", "OPTIONS"])]

    async def _log_in(self, request: Request) -> Response:
        cors = cors_headers(request)
        if request.method == "OPTIONS":
            return Response(headers=cors)
        try:
            members = json_object(await read_body(request))
        except RequestError as error:
            return error_response(request, error.status, error.message, cors)
        address = request.client.host if request.client else "?"
        if wait_s := self._attempts.wait_s(str(members.get("login")), address):
            return PlainTextResponse(refusal_text(wait_s), 429, {**cors, "retry-after": str(wait_s)})
        problem = self._problem(members.get("login"), members.get("password"))
        if problem:
            if problem != _MISSING_TEXT:
                self._attempts.note_wrong(str(members.get("login")), address)
            # A caller's text may hold line breaks and escapes for the terminal.
            _log.warning("login refused: %r", problem)
            return PlainTextResponse(problem, 400, cors)
        _log.info("%s logged in", self._user)
        return JSONResponse(dict(self._answer), headers=cors)

    def _problem(self, login: object, password: object) -> str | None:
        if not isinstance(login, str) or not isinstance(password, str):
            return _MISSING_TEXT
        if not secrets.compare_digest(login.encode(), self._user.encode()):
            return f"no user {login} found"
        if not secrets.compare_digest(password.encode(), self._password.encode()):
            return f"password mismatch for user {login}"
        return None
