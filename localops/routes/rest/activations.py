"""Activations over REST: list, get, logs, result. Source: apache/openwhisk Activations.scala."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from localops.errors import RequestError
from localops.openwhisk.entities import Activation
from localops.openwhisk.entity_json import activation_record, activation_summary, log_lines, response
from localops.openwhisk.entity_name import is_name
from localops.openwhisk.refusals import NOT_FOUND_TEXT
from localops.routes.rest import query
from localops.routes.rest.resource import json_answer
from localops.runtime.activations import Activations

_ID_LENGTH = 32
_ID = re.compile(r"[0-9a-f]{32}")


class ActivationRoutes:
    def __init__(self, activations: Activations) -> None:
        self._activations = activations

    async def list_all(self, request: Request) -> Response:
        page = query.page(request, "activations")
        docs = query.flag(request, "docs")
        if page.count and docs:
            raise RequestError(400, "The parameter 'docs' is not permitted with 'count'.")
        found = self._matching(request)
        if page.count:
            return json_answer({"activations": max(0, len(found) - page.skip)})
        shown = activation_record if docs else activation_summary
        return json_answer([shown(each) for each in found[page.skip : page.skip + page.limit]])

    def _matching(self, request: Request) -> list[Activation]:
        """Return those of the action `name` that began between `since` and `upto`, both included."""
        path = _named_action(request)
        since, upto = query.moment(request, "since"), query.moment(request, "upto")
        return [
            activation
            for activation in self._activations.newest_first()
            if path in (None, activation.action.path)
            and (since is None or activation.start_ms >= since)
            and (upto is None or activation.start_ms <= upto)
        ]

    async def get(self, request: Request) -> Response:
        return json_answer(activation_record(self._find(request)))

    async def logs(self, request: Request) -> Response:
        return json_answer({"logs": log_lines(self._find(request))})

    async def result(self, request: Request) -> Response:
        return json_answer(response(self._find(request)))

    def _find(self, request: Request) -> Activation:
        asked = request.path_params["activation"]
        if len(asked) != _ID_LENGTH:
            raise RequestError(400, f"Activation id length is {len(asked)} but must be {_ID_LENGTH}.")
        if not _ID.fullmatch(asked):
            raise RequestError(400, "The activation id is not valid.")
        activation = self._activations.ended.get(asked)
        if activation is None:
            raise RequestError(404, NOT_FOUND_TEXT)
        return activation


def _named_action(request: Request) -> str | None:
    """Return the action that `name` asks for: its name when it is in no package, else `package/name`."""
    text = request.query_params.get("name", "")
    if not text.strip():
        return None
    parts = [part for part in text.split("/") if part]
    if not parts or len(parts) > 2 or not all(is_name(part) for part in parts):
        reason = f"Parameter may be a 'simple' name or 'package-name/simple' name: {text}"
        raise query.malformed("name", reason)
    return "/".join(parts)
