"""The packages and actions that are deployed now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from localops.deployment.collection import Collection
from localops.openwhisk.entities import Action, Package, action_path
from localops.project.scan import RESERVED_PACKAGE, Scan


class Registry:
    """Packages by name and actions by path.

    An action's own parameters stay apart from its package's, so that a change of the package reaches all
    its actions; `find` puts them together.

    Attributes:
        generation: how often something of the disk was deployed.
    """

    def __init__(self) -> None:
        self.actions: Collection[Action] = Collection()
        self.packages: Collection[Package] = Collection()
        self.generation = 0

    def __iter__(self) -> Iterator[Action]:
        """Iterate over all actions, the newest update first."""
        return iter(self.actions.newest_first())

    def find(self, package: str, name: str) -> Action | None:
        """Return an action as it is called: with the parameters of its package below its own.

        Args:
            package: `default` or "" for an action in no package.
        """
        package = "" if package == RESERVED_PACKAGE else package
        action = self.actions.get(action_path(package, name))
        if action is None or not package:
            return action
        shared = self.packages.get(package)
        return replace(action, parameters={**shared.parameters, **action.parameters}) if shared else action

    def find_package(self, name: str) -> Package | None:
        """Return a package that was deployed, or that an action is in."""
        package = self.packages.get(name)
        return package or (Package(name) if self.actions_in(name) else None)

    def actions_in(self, package: str) -> list[Action]:
        """Return the actions of a package, the newest update first."""
        return [action for action in self if action.package == package]

    def all_packages(self) -> list[Package]:
        """Return all packages, the newest update first."""
        known = self.packages.newest_first()
        return known + [Package(name) for name in self._names_of_actions() - self.packages.keys()]

    def _names_of_actions(self) -> set[str]:
        return {action.package for action in self.actions.values() if action.package}

    def deploy(self, scan: Scan) -> list[str]:
        """Take over what a scan found.

        Returns:
            The paths of actions that are new, changed or gone, then the names of packages that changed.
        """
        self.generation += 1
        changed = self.actions.follow_disk(scan.actions)
        for path in changed:
            if path in scan.actions:
                self._revive_package(scan.actions[path].entity.package)
        known = set(self.packages)
        packages = self.packages.follow_disk(scan.packages)
        return changed + [name for name in packages if name in known and name in self.packages]

    def _revive_package(self, name: str) -> None:
        """Let the disk describe a package again that was deleted over REST, now that an action is in it."""
        if name not in self.packages:
            self.packages.forget(name)

    def copy(self) -> Registry:
        """Return a copy that can be changed on its own."""
        other = Registry()
        other.actions = self.actions.copy()
        other.packages = self.packages.copy()
        return other

    def adopt(self, other: Registry) -> None:
        """Take over the content of another registry."""
        self.actions, self.packages = other.actions, other.packages
