"""Keep what came over the REST API between runs, in one JSON file; the code lies beside it.

The disk's own actions are not in it: each run reads them anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localops.deployment.collection import Collection
from localops.deployment.registry import Registry
from localops.errors import StartError
from localops.openwhisk.entities import Action, Code, Limits, Package
from localops.project.scan import Entity

_FORMAT = 1


def encoded(registry: Registry, project: Path) -> bytes:
    """Return the content of the file.

    Args:
        project: paths are written relative to it, so that the project can be moved.
    """

    def path_as_text(value: object) -> str:
        assert isinstance(value, Path)  # noqa: S101 - all else in an entity is JSON
        return str(value.relative_to(project) if value.is_relative_to(project) else value)

    value = {
        "format": _FORMAT,
        "packages": _overruling(registry.packages),
        "actions": _overruling(registry.actions),
    }
    return json.dumps(value, default=path_as_text).encode()


def _overruling(collection: Collection[Entity]) -> list[dict[str, Any]]:
    """Return the entities that REST put, each with the state of the files that it overrules."""
    return [
        {"path": path, "overrules": state, **asdict(collection[path])}
        for path, state in collection.overruled.items()
        if path in collection
    ]


def restore(registry: Registry, file: Path, project: Path) -> None:
    """Put into an empty registry what was deployed over REST before.

    Raises:
        StartError: the file is damaged.
    """
    if not file.is_file():
        return
    try:
        value = json.loads(file.read_bytes())
        if value["format"] != _FORMAT:
            raise ValueError(f"format {value['format']}")
        for each in value["packages"]:
            _put_back(registry.packages, each.pop("path"), each.pop("overrules"), Package(**each))
        for each in value["actions"]:
            path, overrules = each.pop("path"), each.pop("overrules")
            _put_back(registry.actions, path, overrules, _action(each, project))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StartError(
            f"{file} cannot be used ({error}); delete it to start without what was deployed with ops or wsk"
        ) from error


def _put_back(collection: Collection[Entity], path: str, overrules: str, entity: Entity) -> None:
    collection.entities[path] = entity
    collection.overruled[path] = overrules
    collection.newest_ms = max(collection.newest_ms, entity.updated_ms)


def _action(members: dict[str, Any], project: Path) -> Action:
    code: dict[str, Any] = members["code"]
    for name in ("main_file", "folder", "virtualenv", "upload"):
        if code[name] is not None:
            code[name] = project / code[name]
    limits = Limits(**members["limits"])
    return Action(**{**members, "code": Code(**code), "limits": limits})  # pyright: ignore[reportArgumentType] - TypeError says so
