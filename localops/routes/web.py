"""Answer web actions: `/api/v1/web/<namespace>/<package>/<action>` and `/api/my/<package>/<action>`.

Source: apache/openwhisk WebActions.scala. In production a page of another origin cannot read a 404, because
it lacks the CORS headers, and a browser's preflight request fails there; here both are answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localops.access.basic_auth import is_authenticated
from localops.deployment.registry import Registry
from localops.errors import RequestError
from localops.openwhisk import web_action
from localops.openwhisk.content_negotiation import Acceptance
from localops.openwhisk.entities import Action, Activation
from localops.openwhisk.http_answer import MISMATCH_TEXT, WebResponse
from localops.openwhisk.media_type import JSON_TYPE
from localops.openwhisk.namespace import USER
from localops.openwhisk.refusals import NOT_FOUND_TEXT
from localops.openwhisk.web_action import WebRequest
from localops.openwhisk.web_address import escaped_path, split_extension
from localops.routes import old_menu
from localops.routes.production import Differences
from localops.routes.request import (
    ALLOWED_HEADERS,
    TRANSACTION_HEADER,
    error_response,
    read_body,
    transaction_id,
)
from localops.runtime.runner import Runner

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
# OpenWhisk waits this long for a result, then answers 202 while the action goes on.
MAX_WAIT_S = 60
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH",
}
_NOT_READY_TEXT = "Response not yet ready."
_NO_WEB_ANSWER_TEXT = "The action {} did not return a valid web response."
_MISMATCH_HINT = (
    " Its body does not fit its Content-Type: a text must be base64 unless the type is of text or names a "
    "charset (`; charset=utf-8`); any other value needs a type of JSON."
)
_NOT_ACCEPTABLE_TEXT = (
    "The request accepts {}, and the action {} answered with another type: ask with `Accept: */*`, "
    "or return the type that is asked for."
)
_CREDENTIALS_HINT = "send the API key as Basic credentials, or its word in the header X-Require-Whisk-Auth."
_NO_CORS_TEXT = (
    "%s is not a web action; in production the page that asked could not even read that (no CORS headers)"
)
_OLD_MENU_TEXT = (
    "mastrogpt/index answers in the older shape, which is adapted here; in production pages show no menu"
)


class WebActions:
    """Answers requests to web actions.

    Args:
        api_key: `uuid:key`; a caller who shows it is the user.
        places: what the menu of an older project lacks; see old_menu.py.
    """

    def __init__(
        self,
        registry: Registry,
        runner: Runner,
        api_key: str,
        places: Mapping[str, str],
        longest_wait_s: float = MAX_WAIT_S,
    ) -> None:
        self._registry = registry
        self._runner = runner
        self._api_key = api_key
        self._places = places
        self._longest_wait_s = longest_wait_s
        self._differences = Differences()

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/web/{namespace}/{package}/{action}", self._answer, methods=_METHODS),
            Route("/api/v1/web/{namespace}/{package}/{action}/{path:path}", self._answer, methods=_METHODS),
            Route("/api/my/{package}/{action}", self._answer, methods=_METHODS),
            Route("/api/my/{package}/{action}/{path:path}", self._answer, methods=_METHODS),
            Route("/api/v1/web/{path:path}", self._nowhere, methods=_METHODS),
            Route("/api/my/{path:path}", self._nowhere, methods=_METHODS),
        ]

    async def _answer(self, request: Request) -> Response:
        action = self._find(request)
        if action is None:
            self._tell_of_cors(request)
        headers = {TRANSACTION_HEADER: transaction_id(request)}
        if action is None or action.annotations.get("web-custom-options") is not True:
            headers.update(cors_headers(request))
            if request.method == "OPTIONS":
                return Response(headers=headers)
        try:
            return await self._invoke(request, headers)
        except RequestError as error:
            return error_response(request, error.status, error.message, headers, _refusal(request, error))

    async def _nowhere(self, request: Request) -> Response:
        """Answer at an address that cannot be an action's: the package is missing."""
        self._tell_of_cors(request)
        headers = cors_headers(request)
        if request.method == "OPTIONS":
            return Response(headers=headers)
        detail = "A web action's address ends in <package>/<action>; the package may be `default`."
        return error_response(request, 404, NOT_FOUND_TEXT, headers, detail)

    def _tell_of_cors(self, request: Request) -> None:
        if "origin" in request.headers:
            self._differences.tell(_NO_CORS_TEXT, request.url.path)

    async def _invoke(self, request: Request, headers: dict[str, str]) -> Response:
        given = await self._web_request(request)
        # Looked up only now: while the body came, it may have been deployed anew.
        action = self._find(request)
        if action is None:
            raise RequestError(404, NOT_FOUND_TEXT)
        if request.method != "OPTIONS" and not web_action.is_allowed(action, given):
            raise RequestError(401, web_action.UNAUTHORIZED_TEXT)
        activation = Activation(action, web_action.arguments(action, given))
        task = self._runner.start(activation)
        headers["x-openwhisk-activation-id"] = activation.id
        await asyncio.wait({task}, timeout=self._longest_wait_s)
        if not task.done():
            if not _acceptance(request).admits(JSON_TYPE):
                raise RequestError(406, web_action.NOT_ACCEPTABLE_TEXT + JSON_TYPE.header())
            return error_response(request, 202, _NOT_READY_TEXT, headers)
        return self._result_response(request, activation, headers)

    def _result_response(
        self, request: Request, activation: Activation, headers: Mapping[str, str]
    ) -> Response:
        try:
            answer = web_action.response(activation, _named(request)[1], _acceptance(request))
        except RequestError as error:
            detail = _reason(request, activation, error)
            return error_response(request, error.status, error.message, dict(headers), detail)
        if activation.action.path == old_menu.INDEX_PATH:
            answer = self._menu(answer)
        response = Response(answer.body, answer.status, headers)
        for name, value in answer.headers:
            response.headers.append(name, value)
        return response

    def _menu(self, answer: WebResponse) -> WebResponse:
        """Return the answer of `mastrogpt/index` in the shape that pages read."""
        adapted = old_menu.adapted(answer, self._places)
        if adapted:
            self._differences.tell(_OLD_MENU_TEXT)
        return adapted or answer

    def _find(self, request: Request) -> Action | None:
        """Return the action that the path names; None when there is none or it is not a web action."""
        if request.path_params.get("namespace", USER) != USER:
            return None
        action = self._registry.find(request.path_params["package"], _named(request)[0])
        return action if action and action.is_web() else None

    async def _web_request(self, request: Request) -> WebRequest:
        return WebRequest(
            method=request.method,
            headers=dict(request.headers.items()),
            path=escaped_path(request.path_params.get("path")),
            query=request.url.query,
            body=await read_body(request),
            user=USER if is_authenticated(request, self._api_key) else None,
        )


def _named(request: Request) -> tuple[str, str]:
    """Return the action's name and the extension, `http` where the path has no known one."""
    return split_extension(request.path_params["action"])


def _acceptance(request: Request) -> Acceptance:
    """Return what the headers of a request accept."""
    return Acceptance(request.headers.getlist("accept"), request.headers.getlist("accept-charset"))


def cors_headers(request: Request) -> dict[str, str]:
    """Return the headers that let a page of another origin read the answer."""
    asked = request.headers.get("access-control-request-headers", ALLOWED_HEADERS)
    return {**_CORS, "Access-Control-Allow-Headers": asked}


def _refusal(request: Request, error: RequestError) -> str | None:
    """Return what this machine can add to a refusal that in production tells nothing."""
    namespace = request.path_params.get("namespace", USER)
    path = f"{request.path_params['package']}/{_named(request)[0]}"
    if error.status == 401:
        return f"{path} is annotated with require-whisk-auth: {_CREDENTIALS_HINT}"
    if error.status != 404:
        return None
    if namespace != USER:
        return f"There is no namespace {namespace} here; localops serves {USER} alone."
    return f"No web action {path} is deployed: look for packages/{path}.py or packages/{path}/__main__.py."


def _reason(request: Request, activation: Activation, error: RequestError) -> str:
    """Return why a result is not sent, for the person who wrote the action or asks for it."""
    path = activation.action.path
    if error.status == 406:
        return _NOT_ACCEPTABLE_TEXT.format(
            ", ".join(request.headers.getlist("accept")) or "other charsets", path
        )
    hint = _MISMATCH_HINT if error.message == MISMATCH_TEXT else ""
    return _failure(activation) or _NO_WEB_ANSWER_TEXT.format(path) + hint


def _failure(activation: Activation) -> str | None:
    """Return why an activation gave no answer, for the person who wrote the action."""
    if activation.status == "success":
        return None
    error = activation.result.get("error")
    last_words = [line.text for line in activation.logs if line.stream == "stderr"][-1:]
    return " ".join([f"The action {activation.action.path} failed: {error}", *last_words])
