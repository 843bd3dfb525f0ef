"""Packages over REST: put, get, list, delete. Source: apache/openwhisk Packages.scala."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from localops.deployment.over_rest import Redeployment, existing_package
from localops.deployment.registry import Registry
from localops.errors import RequestError
from localops.openwhisk.entity_json import package_record, package_summary, package_with_actions
from localops.openwhisk.entity_name import checked_name
from localops.openwhisk.put_content import read_package
from localops.openwhisk.refusals import NOT_FOUND_TEXT
from localops.openwhisk.request_content import json_object
from localops.routes.rest import query
from localops.routes.rest.resource import json_answer, json_body

# Parameters and annotations of 1 MiB each, and what stands around them.
_MAX_PUT_BYTES = 4 * 1024 * 1024


class PackageRoutes:
    def __init__(self, registry: Registry, redeployment: Redeployment) -> None:
        self._registry = registry
        self._redeployment = redeployment

    async def list_all(self, request: Request) -> Response:
        page = query.page(request, "packages")
        packages = self._registry.all_packages()
        if page.count:
            return json_answer({"packages": max(0, len(packages) - page.skip)})
        return json_answer([package_summary(each) for each in packages[page.skip : page.skip + page.limit]])

    async def put(self, request: Request) -> Response:
        put = read_package(json_object(await json_body(request, _MAX_PUT_BYTES)))
        overwrite = query.flag(request, "overwrite")
        return json_answer(
            package_record(await self._redeployment.put_package(name(request), put, overwrite))
        )

    async def get(self, request: Request) -> Response:
        package = existing_package(self._registry, name(request))
        if package is None:
            raise RequestError(404, NOT_FOUND_TEXT)
        return json_answer(package_with_actions(package, self._registry.actions_in(package.name)))

    async def delete(self, request: Request) -> Response:
        force = query.flag(request, "force")
        return json_answer(package_record(await self._redeployment.delete_package(name(request), force)))


def name(request: Request) -> str:
    return checked_name(request.path_params["package"])
