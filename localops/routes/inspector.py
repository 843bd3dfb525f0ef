"""The data of the inspector, `/_localops/api/...`: what runs and ran, and how to run it again.

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

PREFIX = "/_localops/api"
# How often followers are told what changed: to people, at once.
TICK_S = 0.25
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

Answer = Callable[[Request], Awaitable[Response]]


class Inspector:
    """Answers the inspector's page and the commands.

    Args:
        secrets: what nobody is shown, besides what the project's variables hold.
    """

    def __init__(self, deployment: Deployment, streams: Streams, secrets: Iterable[str]) -> None:
        self.deployment = deployment
        self.streams = streams
        self.secrets = frozenset(secrets)

    def routes(self) -> list[Route]:
        answers: list[tuple[str, str, Answer]] = [
            ("GET", "/events", self.events),
            ("GET", "/logs", self.logs),
            ("GET", "/actions", self.actions),
            ("GET", "/variables", self.variables),
            ("GET", "/activations/{id}", self.activation),
            ("POST", "/activations/{id}/replay", self.replay),
        ]
        return [Route(PREFIX + path, answered(answer), methods=[method]) for method, path, answer in answers]

    async def events(self, request: Request) -> Response:  # noqa: ARG002 - the shape of a route
        """Server-sent events: all there is, then what changes."""
        activity = Activity(self.deployment, self.streams, self.masking())

        async def told() -> AsyncIterator[str]:
            while True:
                if news := activity.news():
                    yield f"data: {json.dumps(news)}\n\n"
                await asyncio.sleep(TICK_S)

        return StreamingResponse(told(), headers=HEADERS, media_type="text/event-stream")

    async def logs(self, request: Request) -> Response:
        """Log lines as JSON, one a line: what there is and, with `follow`, what comes."""
        follower = LogFollower(self.deployment, self.masking(), request.query_params.get("action"))
        follows = "follow" in request.query_params

        async def told() -> AsyncIterator[str]:
            while True:
                for event in follower.news():
                    yield json.dumps(event) + "\n"
                if not follows:
                    return
                await asyncio.sleep(TICK_S)

        return StreamingResponse(told(), headers=HEADERS, media_type="application/x-ndjson")

    async def actions(self, request: Request) -> Response:  # noqa: ARG002
        registry, url = self.deployment.registry, self.deployment.runner.api_host
        found = sorted(registry, key=lambda action: action.path)
        return JSONResponse([inspection.action_summary(action, url) for action in found], headers=HEADERS)

    async def variables(self, request: Request) -> Response:  # noqa: ARG002
        masking, deployment = self.masking(), self.deployment
        uses = origins.variable_uses(deployment.project, deployment.settings, deployment.registry.actions)
        shown = [{**asdict(use), "value": masking.value(use.value, use.name)} for use in uses]
        return JSONResponse(shown, headers=HEADERS)

    async def activation(self, request: Request) -> Response:
        activation = self.find(request)
        variables = self.deployment.settings.variables()
        content = inspection.detail(
            activation,
            self.streams.recordings.get(activation.id),
            self.streams.warnings.by_action,
            self.masking(),
            origins.of_arguments(self.deployment.project, variables, activation),
        )
        return JSONResponse(content, headers=HEADERS)

    async def replay(self, request: Request) -> Response:
        again = replay(self.deployment.registry, self.streams, self.find(request))
        return JSONResponse({"id": again.id}, 202, HEADERS)

    def find(self, request: Request) -> Activation:
        asked = request.path_params["id"]
        activations = self.deployment.runner.activations
        found = activations.ended.get(asked) or activations.running.get(asked)
        if found is None:
            raise RequestError(404, "This activation is no longer remembered.")
        return found

    def masking(self) -> Masking:
        """One that knows the secrets of the project as it is configured now."""
        return Masking([*self.secrets, *secrets_in(self.deployment.settings.values())])


def answered(answer: Answer) -> Answer:
    """Answer pages of this origin and tools, and what goes wrong with a sentence."""

    async def checked(request: Request) -> Response:
        if comes_from_another_origin(request.headers):
            return PlainTextResponse("A page of another origin may not look here.\n", 403, HEADERS)
        try:
            return await answer(request)
        except RequestError as error:
            return JSONResponse({"error": error.message}, error.status, HEADERS)

    return checked
