"""Answer the inspector's requests, `/_localops/api/...`: what runs and ran, and how to run it again.

It is for the page in `localops/inspector/page/` and for the commands of this program; its shape may change.
Nothing in it is a secret: see masking.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from localops.access.masking import Masking, secrets_in
from localops.deployment.from_disk import Deployment
from localops.errors import RequestError
from localops.inspector import inspection, origins
from localops.inspector.activity import Activity, LogFollower
from localops.inspector.replay import replay
from localops.openwhisk.entities import Activation
from localops.routes.request import comes_from_another_origin
from localops.streaming.session import Streams

_PREFIX = "/_localops/api"
# How often followers hear what changed: for a person, at once.
_TICK_S = 0.25
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

_Answer = Callable[[Request], Awaitable[Response]]


class Inspector:
    """Answers the inspector's page and the commands.

    Args:
        secrets: values that are never shown, besides those of the project's variables.
    """

    def __init__(self, deployment: Deployment, streams: Streams, secrets: Iterable[str]) -> None:
        self._deployment = deployment
        self._streams = streams
        self._secrets = frozenset(secrets)

    def routes(self) -> list[Route]:
        answers: list[tuple[str, str, _Answer]] = [
            ("GET", "/events", self._events),
            ("GET", "/logs", self._logs),
            ("GET", "/actions", self._actions),
            ("GET", "/variables", self._variables),
            ("GET", "/activations/{id}", self._activation),
            ("POST", "/activations/{id}/replay", self._replay),
        ]
        return [
            Route(_PREFIX + path, _answered(answer), methods=[method]) for method, path, answer in answers
        ]

    async def _events(self, request: Request) -> Response:  # noqa: ARG002 - the shape of a route
        """Send server-sent events: first all there is, then what changes."""
        activity = Activity(self._deployment, self._streams, self._masking())

        async def told() -> AsyncIterator[str]:
            while True:
                if news := activity.news():
                    yield f"data: {json.dumps(news)}\n\n"
                await asyncio.sleep(_TICK_S)

        return StreamingResponse(told(), headers=_HEADERS, media_type="text/event-stream")

    async def _logs(self, request: Request) -> Response:
        """Send log lines as JSON, one a line: what there is and, with `follow`, what comes."""
        follower = LogFollower(self._deployment, self._masking(), request.query_params.get("action"))
        follows = "follow" in request.query_params

        async def told() -> AsyncIterator[str]:
            while True:
                for event in follower.news():
                    yield json.dumps(event) + "\n"
                if not follows:
                    return
                await asyncio.sleep(_TICK_S)

        return StreamingResponse(told(), headers=_HEADERS, media_type="application/x-ndjson")

    async def _actions(self, request: Request) -> Response:  # noqa: ARG002
        registry, url = self._deployment.registry, self._deployment.runner.api_host
        found = sorted(registry, key=lambda action: action.path)
        return JSONResponse([inspection.action_summary(action, url) for action in found], headers=_HEADERS)

    async def _variables(self, request: Request) -> Response:  # noqa: ARG002
        masking, deployment = self._masking(), self._deployment
        uses = origins.variable_uses(deployment.project, deployment.settings, deployment.registry.actions)
        shown = [{**asdict(use), "value": masking.value(use.value, use.name)} for use in uses]
        return JSONResponse(shown, headers=_HEADERS)

    async def _activation(self, request: Request) -> Response:
        activation = self._find(request)
        variables = self._deployment.settings.variables()
        content = inspection.detail(
            activation,
            self._streams.recordings.get(activation.id),
            self._streams.warnings.by_action,
            self._masking(),
            origins.of_arguments(self._deployment.project, variables, activation),
        )
        return JSONResponse(content, headers=_HEADERS)

    async def _replay(self, request: Request) -> Response:
        again = replay(self._deployment.registry, self._streams, self._find(request))
        return JSONResponse({"id": again.id}, 202, _HEADERS)

    def _find(self, request: Request) -> Activation:
        asked = request.path_params["id"]
        activations = self._deployment.runner.activations
        found = activations.ended.get(asked) or activations.running.get(asked)
        if found is None:
            raise RequestError(404, "This activation is no longer remembered.")
        return found

    def _masking(self) -> Masking:
        """Return one that knows the secrets of the project as it is configured now."""
        return Masking([*self._secrets, *secrets_in(self._deployment.settings.values())])


def _answered(answer: _Answer) -> _Answer:
    """Answer pages of this origin and tools, and what goes wrong with a sentence."""

    async def checked(request: Request) -> Response:
        if comes_from_another_origin(request.headers):
            return PlainTextResponse("A page of another origin may not look here.\n", 403, _HEADERS)
        try:
            return await answer(request)
        except RequestError as error:
            return JSONResponse({"error": error.message}, error.status, _HEADERS)

    return checked
