"""One path of the REST API: its methods, who may use them, and the answer when something goes wrong.

Source: apache/openwhisk RestAPIs.scala, CorsSettings.scala, BasicHttpService.scala, ErrorResponse.scala.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localops.access.basic_auth import given_credentials, is_authenticated
from localops.errors import RequestError, StorageError
from localops.openwhisk.namespace import USER
from localops.openwhisk.refusals import FOREIGN_TEXT, NO_CREDENTIALS_TEXT
from localops.routes.request import (
    ALLOWED_HEADERS,
    TRANSACTION_HEADER,
    error_response,
    read_body,
    transaction_id,
)

Handler = Callable[[Request], Awaitable[Response]]

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": ALLOWED_HEADERS,
    "Access-Control-Allow-Methods": "GET, DELETE, POST, PUT, HEAD",
}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="OpenWhisk secure realm"'}
_JSON = "application/json"
_WRONG_CREDENTIALS_TEXT = "The supplied authentication is invalid"

_log = logging.getLogger("localops.rest")


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(content, status, headers)


async def json_body(request: Request, most: int) -> bytes:
    """Return the body of a request that must be JSON.

    Raises:
        RequestError: 413 or 415.
    """
    body = await read_body(request, most)
    content_type = request.headers.get("content-type", "")
    if body and content_type and content_type.partition(";")[0].strip().lower() != _JSON:
        text = f"The request's Content-Type [{content_type}] is not supported. Expected:\n{_JSON}"
        raise RequestError(415, text)
    return body


class Resource:
    """Answers requests for one path.

    Args:
        api_key: what the caller must show; None when anybody may call.
    """

    def __init__(self, path: str, handlers: Mapping[str, Handler], api_key: str | None) -> None:
        self._path = path
        self._handlers = handlers
        self._api_key = api_key

    def route(self) -> Route:
        return Route(self._path, self._answer, methods=_METHODS)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            response = Response()
        else:
            response = await self._response(request)
        response.headers.update({**_CORS, TRANSACTION_HEADER: transaction_id(request)})
        return response

    async def _response(self, request: Request) -> Response:
        try:
            self._check_caller(request)
            return await self._handler(request)(request)
        except RequestError as error:
            return error_response(request, error.status, error.message, _challenge(request, error))
        except StorageError as error:
            _log.warning("%s", error)
            return error_response(request, 500, str(error), {})

    def _handler(self, request: Request) -> Handler:
        handler = self._handlers.get(request.method)
        if handler is None:
            supported = ", ".join(self._handlers)
            raise RequestError(405, f"HTTP method not allowed, supported methods: {supported}")
        return handler

    def _check_caller(self, request: Request) -> None:
        if self._api_key is None:
            return
        if given_credentials(request) is None:
            raise RequestError(401, NO_CREDENTIALS_TEXT)
        if not is_authenticated(request, self._api_key):
            raise RequestError(401, _WRONG_CREDENTIALS_TEXT)
        if request.path_params.get("namespace", "_") not in ("_", USER):
            raise RequestError(403, FOREIGN_TEXT)


def _challenge(request: Request, error: RequestError) -> dict[str, str]:
    """Return what asks a tool for its key; a browser would send it for pages of others, too."""
    is_browser = "sec-fetch-mode" in request.headers
    return _CHALLENGE if error.status == 401 and not is_browser else {}
