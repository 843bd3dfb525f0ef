"""Actions over REST: put, get, list, delete, invoke. Source: apache/openwhisk Actions.scala."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from localops.deployment.over_rest import Redeployment, existing_action, existing_package
from localops.deployment.registry import Registry
from localops.deployment.uploads import code_text
from localops.errors import RequestError
from localops.openwhisk.entities import Action, Activation, Status
from localops.openwhisk.entity_json import action_record, action_summary, activation_record
from localops.openwhisk.entity_name import checked_name
from localops.openwhisk.put_content import read_action
from localops.openwhisk.refusals import NOT_FOUND_TEXT
from localops.openwhisk.request_content import json_object
from localops.openwhisk.web_action import NOT_ALLOWED_TEXT, fixed_parameters
from localops.routes.request import MAX_BODY_BYTES
from localops.routes.rest import query
from localops.routes.rest.resource import json_answer, json_body
from localops.runtime.runner import Runner

# What OpenWhisk's HTTP server takes; the limit for the code alone is a little lower.
_MAX_PUT_BYTES = 50 * 1024 * 1024
_HTTP_STATUS: dict[Status, int] = {
    "success": 200,
    "application error": 502,
    "action developer error": 502,
    "whisk internal error": 500,
}


class ActionRoutes:
    def __init__(self, registry: Registry, runner: Runner, redeployment: Redeployment) -> None:
        self._registry = registry
        self._runner = runner
        self._redeployment = redeployment

    async def list_all(self, request: Request) -> Response:
        return _listed(request, list(self._registry))

    async def list_package(self, request: Request) -> Response:
        package, _ = _names(request)
        if existing_package(self._registry, package) is None:
            raise RequestError(404, NOT_FOUND_TEXT)
        return _listed(request, self._registry.actions_in(package))

    async def put(self, request: Request) -> Response:
        package, name = _names(request)
        put = read_action(json_object(await json_body(request, _MAX_PUT_BYTES)))
        overwrite = query.flag(request, "overwrite")
        action = await self._redeployment.put_action(package, name, put, overwrite)
        return json_answer(action_record(action, put.exec.text if put.exec else None))

    async def get(self, request: Request) -> Response:
        action = self._find(request)
        if not query.flag(request, "code", default=True):
            return json_answer(action_record(action))
        return json_answer(action_record(action, await asyncio.to_thread(_readable_code, action)))

    async def delete(self, request: Request) -> Response:
        return json_answer(action_record(await self._redeployment.delete_action(*_names(request))))

    async def invoke(self, request: Request) -> Response:
        given = json_object(await json_body(request, MAX_BODY_BYTES))
        action = self._find(request)
        if fixed_parameters(action).intersection(given):
            raise RequestError(400, NOT_ALLOWED_TEXT)
        blocking, wait_s = query.flag(request, "blocking"), query.wait_s(request)
        result_only = query.flag(request, "result")
        activation = Activation(action, {**action.parameters, **given})
        task = self._runner.start(activation)
        if blocking:
            await asyncio.wait({task}, timeout=wait_s)
        if not blocking or not task.done():
            return _answer(activation, 202, {"activationId": activation.id})
        return _answer(activation, _HTTP_STATUS[activation.status], _outcome(activation, result_only))

    def _find(self, request: Request) -> Action:
        """Return the action that the path names, with its package's parameters.

        Raises:
            RequestError: 404; or 409, something else has this name.
        """
        package, name = _names(request)
        if package:
            existing_package(self._registry, package)
        existing_action(self._registry, package, name)
        action = self._registry.find(package, name)
        if action is None:
            raise RequestError(404, NOT_FOUND_TEXT)
        return action


def _names(request: Request) -> tuple[str, str]:
    """Return the package, "" for none, and the action that the path names."""
    package, name = request.path_params.get("package", ""), request.path_params.get("action", "")
    return package and checked_name(package), name and checked_name(name)


def _listed(request: Request, actions: list[Action]) -> Response:
    page = query.page(request, "actions")
    if page.count:
        return json_answer({"actions": max(0, len(actions) - page.skip)})
    return json_answer([action_summary(action) for action in actions[page.skip : page.skip + page.limit]])


def _readable_code(action: Action) -> str:
    try:
        return code_text(action.code)
    except OSError as error:
        raise RequestError(500, f"The code of {action.path} cannot be read: {error.strerror}.") from error


def _outcome(activation: Activation, result_only: bool) -> object:
    """Return the answer to a blocking call. A list is answered bare in any case, as OpenWhisk does."""
    result: Any = activation.result
    shows_all = not result_only and not isinstance(result, list)
    return activation_record(activation) if shows_all else activation.result


def _answer(activation: Activation, status: int, content: object) -> Response:
    return json_answer(content, status, {"x-openwhisk-activation-id": activation.id})
