"""Answer questions about the REST API itself, and about what it does not have.

Source: apache/openwhisk RestAPIs.scala, Controller.scala, Namespaces.scala, Limits.scala.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from localops.errors import RequestError
from localops.openwhisk.kinds import FAMILIES
from localops.openwhisk.limit_bounds import BOUNDS
from localops.openwhisk.namespace import USER
from localops.routes.request import MAX_BODY_BYTES
from localops.routes.rest.resource import json_answer
from localops.runtime.runner import MAX_PROCESSES

_NO_ROUTE_TEXT = "The requested resource could not be found."
_MEGABYTE = 1024 * 1024


async def api_info(request: Request) -> Response:  # noqa: ARG001 - the shape of a handler
    return json_answer(
        {
            "description": "OpenWhisk API",
            "api_version": "1.0.0",
            "api_version_path": "v1",
            "build": "localops",
            "buildno": "localops",
            "swagger_paths": {"ui": "/docs", "api-docs": "/api-docs"},
        }
    )


async def server_info(request: Request) -> Response:  # noqa: ARG001
    duration, memory, logs = BOUNDS["timeout"], BOUNDS["memory"], BOUNDS["logs"]
    described: dict[str, Any] = {
        "min_action_duration": duration.least,
        "max_action_duration": duration.most,
        "min_action_memory": memory.least * _MEGABYTE,
        "max_action_memory": memory.most * _MEGABYTE,
        "min_action_logs": logs.least * _MEGABYTE,
        "max_action_logs": logs.most * _MEGABYTE,
        "concurrent_actions": MAX_PROCESSES,
    }
    runtimes = {
        language: [{"kind": kind, "default": kind == kinds[0]} for kind in kinds]
        for language, kinds in FAMILIES.items()
    }
    return json_answer(
        {"description": "OpenWhisk", "api_paths": ["/api/v1"], "limits": described, "runtimes": runtimes}
    )


async def namespaces(request: Request) -> Response:  # noqa: ARG001
    return json_answer([USER])


async def limits(request: Request) -> Response:  # noqa: ARG001
    found: dict[str, int] = {"concurrentInvocations": MAX_PROCESSES, "maxParameterSize": MAX_BODY_BYTES}
    names = {"timeout": "Timeout", "memory": "Memory", "logs": "Logs", "concurrency": "Concurrency"}
    for name, shown in names.items():
        found[f"minAction{shown}"] = BOUNDS[name].least
        found[f"maxAction{shown}"] = BOUNDS[name].most
    return json_answer(found)


async def none_of_them(request: Request) -> Response:  # noqa: ARG001
    """Answer the list of triggers or of rules: localops has none, and `wsk list` asks for them."""
    return json_answer([])


async def not_done(request: Request) -> Response:
    text = f"localops does not answer {request.method} {request.url.path}; OpenServerless may."
    raise RequestError(501, text)


async def no_route(request: Request) -> Response:  # noqa: ARG001
    raise RequestError(404, _NO_ROUTE_TEXT)
