"""OpenWhisk's REST API, as `wsk`, the `ops` deployer and the actions themselves use it.

Source: apache/openwhisk RestAPIs.scala.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import Route

from localops.deployment.over_rest import Redeployment
from localops.deployment.registry import Registry
from localops.routes.rest.actions import ActionRoutes
from localops.routes.rest.activations import ActivationRoutes
from localops.routes.rest.info import (
    api_info,
    limits,
    namespaces,
    no_route,
    none_of_them,
    not_done,
    server_info,
)
from localops.routes.rest.packages import PackageRoutes
from localops.routes.rest.resource import Handler, Resource
from localops.runtime.runner import Runner

_NAMESPACE = "/api/v1/namespaces/{namespace}"


class RestApi:
    """All paths of the REST API.

    Args:
        api_key: `uuid:key`, the only credentials that are accepted.
    """

    def __init__(self, registry: Registry, runner: Runner, redeployment: Redeployment, api_key: str) -> None:
        self._actions = ActionRoutes(registry, runner, redeployment)
        self._packages = PackageRoutes(registry, redeployment)
        self._activations = ActivationRoutes(runner.activations)
        self._api_key = api_key

    def routes(self) -> list[Route]:
        return [*self._open_routes(), *self._entity_routes(), *self._other_routes()]

    def _open_routes(self) -> list[Route]:
        """Return the routes that need no credentials."""
        paths = {"/api/v1": api_info, "/api/v1/": api_info, "/api/info": server_info}
        return [Resource(path, {"GET": handler}, None).route() for path, handler in paths.items()]

    def _entity_routes(self) -> list[Route]:
        actions, packages, activations = self._actions, self._packages, self._activations
        on_action: dict[str, Handler] = {
            "GET": actions.get,
            "PUT": actions.put,
            "POST": actions.invoke,
            "DELETE": actions.delete,
        }
        on_package: dict[str, Handler] = {"GET": packages.get, "PUT": packages.put, "DELETE": packages.delete}
        paths: dict[str, Mapping[str, Handler]] = {
            f"{_NAMESPACE}/actions": {"GET": actions.list_all},
            f"{_NAMESPACE}/actions/": {"GET": actions.list_all},
            f"{_NAMESPACE}/actions/{{action}}": on_action,
            f"{_NAMESPACE}/actions/{{package}}/": {"GET": actions.list_package},
            f"{_NAMESPACE}/actions/{{package}}/{{action}}": on_action,
            f"{_NAMESPACE}/packages": {"GET": packages.list_all},
            f"{_NAMESPACE}/packages/": {"GET": packages.list_all},
            f"{_NAMESPACE}/packages/{{package}}": on_package,
            f"{_NAMESPACE}/activations": {"GET": activations.list_all},
            f"{_NAMESPACE}/activations/": {"GET": activations.list_all},
            f"{_NAMESPACE}/activations/{{activation}}": {"GET": activations.get},
            f"{_NAMESPACE}/activations/{{activation}}/": {"GET": activations.get},
            f"{_NAMESPACE}/activations/{{activation}}/logs": {"GET": activations.logs},
            f"{_NAMESPACE}/activations/{{activation}}/result": {"GET": activations.result},
        }
        return [Resource(path, handlers, self._api_key).route() for path, handlers in paths.items()]

    def _other_routes(self) -> list[Route]:
        """Return the routes of small answers, of what is not done, and of what does not exist."""
        routes: list[Route] = []
        for path, handler in {
            "/api/v1/namespaces": namespaces,
            f"{_NAMESPACE}/limits": limits,
            f"{_NAMESPACE}/triggers": none_of_them,
            f"{_NAMESPACE}/rules": none_of_them,
        }.items():
            routes += [Resource(each, {"GET": handler}, self._api_key).route() for each in (path, path + "/")]
        for path in (f"{_NAMESPACE}/triggers/{{name}}", f"{_NAMESPACE}/rules/{{name}}", "/api/v1/api-docs"):
            methods = ("GET", "PUT", "POST", "DELETE")
            routes.append(Resource(path, dict.fromkeys(methods, not_done), self._api_key).route())
        methods = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
        routes.append(
            Resource("/api/v1/{path:path}", dict.fromkeys(methods, no_route), self._api_key).route()
        )
        return routes
