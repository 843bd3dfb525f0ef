"""Web actions: `/api/v1/web/<namespace>/<package>/<action>` and `/api/my/<package>/<action>`."""

from __future__ import annotations

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localops import web_action
from localops.config import USER
from localops.entities import Action, Activation
from localops.errors import RequestError
from localops.registry import Registry
from localops.routes.request import cors_headers, error_response, read_body
from localops.runner import Runner
from localops.web_action import WebRequest

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
# OpenWhisk waits this long for a result, then answers 202 while the action goes on.
LONGEST_WAIT_S = 60
NOT_FOUND_TEXT = "The requested resource does not exist."
NOT_READY_TEXT = "Response not yet ready."

log = logging.getLogger("localops.web")


class WebActions:
    """Answers requests to web actions."""

    def __init__(self, registry: Registry, runner: Runner) -> None:
        self.registry = registry
        self.runner = runner

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/web/{namespace}/{package}/{action}", self.answer, methods=METHODS),
            Route("/api/v1/web/{namespace}/{package}/{action}/{path:path}", self.answer, methods=METHODS),
            Route("/api/my/{package}/{action}", self.answer, methods=METHODS),
            Route("/api/my/{package}/{action}/{path:path}", self.answer, methods=METHODS),
        ]

    async def answer(self, request: Request) -> Response:
        cors = cors_headers(request)
        try:
            action, extension = self.find(request)
            if request.method == "OPTIONS":
                return Response(status_code=200, headers=cors)
            arguments = web_action.arguments(action, await web_request(request))
        except RequestError as error:
            return error_response(error.status, error.message, cors, refusal(request, error))
        task = self.runner.invoke(action, arguments)
        finished, _ = await asyncio.wait({task}, timeout=LONGEST_WAIT_S)
        if not finished:
            return error_response(202, NOT_READY_TEXT, cors)
        return result_response(task.result(), extension, cors)

    def find(self, request: Request) -> tuple[Action, str]:
        """The action and the extension that a path names.

        Raises:
            RequestError: 404, no such action, or it is not a web action.
        """
        name, extension = request.path_params["action"], "http"
        stem, dot, suffix = name.rpartition(".")
        if dot and suffix in web_action.EXTENSIONS:
            name, extension = stem, suffix
        action = self.registry.find(request.path_params["package"], name)
        if request.path_params.get("namespace", USER) != USER or action is None or not action.is_web():
            raise RequestError(404, NOT_FOUND_TEXT)
        return action, extension


async def web_request(request: Request) -> WebRequest:
    path = request.path_params.get("path")
    return WebRequest(
        method=request.method,
        headers=dict(request.headers),
        path="" if path is None else f"/{path}",
        query=request.url.query,
        body=await read_body(request),
    )


def refusal(request: Request, error: RequestError) -> str | None:
    """What this machine can add to a refusal that in production tells nothing."""
    if error.status != 404:
        return None
    path = f"{request.path_params['package']}/{request.path_params['action']}"
    return f"No web action {path} is deployed: look for packages/{path}.py or packages/{path}/__main__.py."


def failure(activation: Activation) -> str | None:
    """Why an activation gave no answer, for the person who wrote the action."""
    if activation.status == "success":
        return None
    error = activation.result.get("error")
    last_words = [line.text for line in activation.logs if line.stream == "stderr"][-1:]
    return " ".join([f"The action {activation.action.path} failed: {error}", *last_words])


def result_response(activation: Activation, extension: str, cors: dict[str, str]) -> Response:
    headers = {**cors, "x-openwhisk-activation-id": activation.id}
    try:
        answer = web_action.response(activation, extension)
    except RequestError as error:
        detail = failure(activation) or f"The action {activation.action.path} returned what is no web answer."
        return error_response(error.status, error.message, headers, detail)
    response = Response(answer.body, answer.status, headers)
    for name, value in answer.headers:
        response.headers.append(name, value)
    return response
