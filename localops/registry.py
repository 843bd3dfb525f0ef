"""The actions that are deployed now, each with its version."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from localops.entities import Action
from localops.project import Scan


@dataclass
class Registry:
    """Actions by path; a version counts up whenever an action changes, as a redeployment would."""

    actions: dict[str, Action] = field(default_factory=dict[str, Action])
    fingerprints: dict[str, str] = field(default_factory=dict[str, str])
    revisions: dict[str, int] = field(default_factory=dict[str, int])

    def __iter__(self) -> Iterator[Action]:
        """All actions, the newest update first, as OpenWhisk lists them."""
        return iter(sorted(self.actions.values(), key=lambda action: action.updated_ms, reverse=True))

    def find(self, package: str, name: str) -> Action | None:
        return self.actions.get(f"{package}/{name}")

    def deploy(self, scan: Scan) -> list[str]:
        """Take over what a scan found and return the paths that are new, changed or gone."""
        changed = [
            path
            for path in scan.actions.keys() | self.actions.keys()
            if scan.fingerprints.get(path) != self.fingerprints.get(path)
        ]
        for path in changed:
            self.update(path, scan.actions.get(path))
        self.fingerprints = dict(scan.fingerprints)
        return sorted(changed)

    def update(self, path: str, action: Action | None) -> None:
        if action is None:
            del self.actions[path]
            return
        self.revisions[path] = self.revisions.get(path, 0) + 1
        self.actions[path] = replace(
            action, version=f"0.0.{self.revisions[path]}", updated_ms=int(time.time() * 1000)
        )
