"""OpenWhisk's REST API, as far as actions call it themselves: who am I, and what is deployed."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localops.config import USER
from localops.entities import Action
from localops.errors import RequestError
from localops.registry import Registry
from localops.routes.request import cors_headers, error_response

DEFAULT_LIMIT = 30
MOST_LISTED = 200


class RestApi:
    """Answers REST calls.

    Args:
        api_key: `uuid:secret`, the only credentials that are accepted.
    """

    def __init__(self, registry: Registry, api_key: str) -> None:
        self.registry = registry
        self.api_key = api_key

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/namespaces", self.namespaces),
            Route("/api/v1/namespaces/{namespace}/actions", self.actions),
            Route("/api/v1/{path:path}", self.missing, methods=["GET", "POST", "PUT", "DELETE"]),
        ]

    async def namespaces(self, request: Request) -> Response:
        return self.answer(request, lambda: [USER])

    async def actions(self, request: Request) -> Response:
        return self.answer(request, lambda: self.listed(request))

    async def missing(self, request: Request) -> Response:
        text = f"localops does not answer {request.method} {request.url.path}; OpenServerless may."
        return error_response(501, text, cors_headers(request))

    def answer(self, request: Request, content: Any) -> Response:
        """The content, unless the caller's credentials or the query are wrong."""
        cors = cors_headers(request)
        try:
            self.check_credentials(request)
            return JSONResponse(content(), headers=cors)
        except RequestError as error:
            headers = {**cors, "WWW-Authenticate": "Basic"} if error.status == 401 else cors
            return error_response(error.status, error.message, headers)

    def check_credentials(self, request: Request) -> None:
        expected = "Basic " + base64.b64encode(self.api_key.encode()).decode()
        given = request.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), expected.encode()):
            raise RequestError(401, "The supplied authentication is invalid")
        if request.path_params.get("namespace", "_") not in ("_", USER):
            raise RequestError(403, "The supplied authentication is not authorized to access this resource.")

    def listed(self, request: Request) -> list[dict[str, Any]]:
        limit = whole_number(request, "limit", DEFAULT_LIMIT, MOST_LISTED) or MOST_LISTED
        skip = whole_number(request, "skip", 0, None)
        return [summary(action) for action in list(self.registry)[skip : skip + limit]]


def whole_number(request: Request, name: str, default: int, most: int | None) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isdigit() or (most is not None and int(text) > most):
        raise RequestError(400, f"The value '{text}' of the query parameter '{name}' is not allowed.")
    return int(text)


def summary(action: Action) -> dict[str, Any]:
    """An action as it stands in a list: no code, no parameters."""
    annotations = {"provide-api-key": False, **action.annotations, "exec": action.kind}
    return {
        "namespace": f"{USER}/{action.package}",
        "name": action.name,
        "version": action.version,
        "publish": False,
        "annotations": [{"key": key, "value": value} for key, value in annotations.items()],
        "limits": action.limits.as_json(),
        "exec": {"binary": action.code.folder is not None},
        "updated": action.updated_ms,
    }
