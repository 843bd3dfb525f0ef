"""Adapt the menu of older projects to the shape that today's pages read.

`mastrogpt/index` of mastrogpt-starter and mastrogpt-training answers `{username, services: {group: [...]}}`.
Pages want a list of groups, and the addresses of what they call; in production they show no menu then.
Source: mastrogpt/mastrogpt-training packages/mastrogpt/index, the page of mastrogpt/mastrogpt2-starter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from localops.openwhisk.http_answer import WebResponse
from localops.reading import json_value

INDEX_PATH = "mastrogpt/index"


def adapted(answer: WebResponse, places: Mapping[str, str]) -> WebResponse | None:
    """Return an older menu in today's shape; None when it is not an older menu.

    Args:
        places: the members that an older menu lacks, as today's name them.
    """
    menu = _old_menu(answer.body)
    if menu is None:
        return None
    groups = cast("dict[str, Any]", menu["services"])
    services = [{group: entries} for group, entries in groups.items()]
    return replace(answer, body=_compact({**places, **menu, "services": services}))


def _old_menu(body: bytes) -> dict[str, Any] | None:
    try:
        value = json_value.read(body)
    except ValueError:
        return None
    is_old = isinstance(value, dict) and isinstance(cast("dict[str, Any]", value).get("services"), dict)
    return cast("dict[str, Any]", value) if is_old else None


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
