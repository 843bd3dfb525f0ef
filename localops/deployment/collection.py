"""Entities of one kind, each as it was deployed last: from the project's files, or over the REST API."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Generic

from localops.project.scan import Entity, OnDisk

FIRST_VERSION = "0.0.1"
_NOT_ON_DISK = ""


def next_version(version: str) -> str:
    """Return the version of an update: one patch further."""
    major, minor, patch = version.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


class Collection(Mapping[str, Entity], Generic[Entity]):
    """The entities of one kind by path.

    What REST puts or removes stays so until the entity's files change.

    Attributes:
        overruled: the paths that REST decided about, with the state of the files at that time.
    """

    def __init__(self) -> None:
        self.entities: dict[str, Entity] = {}
        self.overruled: dict[str, str] = {}
        self.found: Mapping[str, OnDisk[Entity]] = {}
        self.newest_ms = 0

    def __getitem__(self, path: str) -> Entity:
        return self.entities[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entities)

    def __len__(self) -> int:
        return len(self.entities)

    def newest_first(self) -> list[Entity]:
        """Return all entities in the order in which OpenWhisk lists them."""
        return sorted(self.entities.values(), key=lambda entity: entity.updated_ms, reverse=True)

    def follow_disk(self, found: Mapping[str, OnDisk[Entity]]) -> list[str]:
        """Take over what is new on disk and return the paths that are new, changed or gone."""
        for path in self.overruled.keys() & (self.found.keys() - found.keys()):
            # The file went, what came by REST stays; the file's return will be news.
            self.overruled[path] = _NOT_ON_DISK
        paths = sorted(found.keys() | self.found.keys())
        changed = [path for path in paths if self._is_news(path, found.get(path))]
        for path in changed:
            self.overruled.pop(path, None)
            if path not in found:
                del self.entities[path]
                continue
            before = self.entities.get(path)
            version = next_version(before.version) if before else FIRST_VERSION
            self.place(path, replace(found[path].entity, version=version))
        self.found = found
        return changed

    def _is_news(self, path: str, now: OnDisk[Entity] | None) -> bool:
        if path in self.overruled:
            return now is not None and now.state != self.overruled[path]
        before = self.found.get(path)
        return (now and now.fingerprint) != (before and before.fingerprint)

    def forget(self, path: str) -> None:
        """Treat what the disk says of a path as new, whatever REST decided."""
        self.overruled.pop(path, None)
        self.found = {each: on_disk for each, on_disk in self.found.items() if each != path}

    def put(self, path: str, entity: Entity) -> Entity:
        """Deploy over REST and return the entity with its time of update."""
        self._overrule(path)
        return self.place(path, entity)

    def remove(self, path: str) -> None:
        """Delete over REST."""
        self._overrule(path)
        del self.entities[path]

    def _overrule(self, path: str) -> None:
        on_disk = self.found.get(path)
        self.overruled[path] = on_disk.state if on_disk else _NOT_ON_DISK

    def place(self, path: str, entity: Entity) -> Entity:
        self.newest_ms = max(self.newest_ms + 1, int(time.time() * 1000))
        self.entities[path] = replace(entity, updated_ms=self.newest_ms)
        return self.entities[path]

    def copy(self) -> Collection[Entity]:
        """Return a copy that can be changed on its own."""
        other: Collection[Entity] = Collection()
        other.entities = dict(self.entities)
        other.overruled = dict(self.overruled)
        other.found = self.found
        other.newest_ms = self.newest_ms
        return other
