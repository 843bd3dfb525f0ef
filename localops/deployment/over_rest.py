"""Deploy and delete over the REST API, so that what was answered as done is on the disk.

Every change is made on a copy, written, and only then made in service: when the disk does not take it,
nothing has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from localops.access import private_file
from localops.deployment import deployed_file
from localops.deployment.entity_update import new_action, new_package, updated_action, updated_package
from localops.deployment.registry import Registry
from localops.deployment.uploads import Uploads
from localops.errors import RequestError
from localops.openwhisk.entities import Action, Code, Package, action_path
from localops.openwhisk.kinds import BLACKBOX
from localops.openwhisk.put_content import ActionPut, EntityPut
from localops.openwhisk.refusals import NOT_FOUND_TEXT
from localops.project.folder import Project
from localops.project.scan import RESERVED_PACKAGE
from localops.runtime.runner import Runner

_FILE_NAME = "deployed.json"
_EXISTS_TEXT = "resource already exists"
_WRONG_COLLECTION_TEXT = "Resource by this name exists but is not in this collection."

T = TypeVar("T")

_log = logging.getLogger("localops.deploy")


def restored(project: Project) -> Registry:
    """Return what was deployed over REST in earlier runs; the disk is still to be read.

    Raises:
        StartError: the file of earlier deployments is damaged.
    """
    registry = Registry()
    deployed_file.restore(registry, project.private / _FILE_NAME, project.folder)
    return registry


class Redeployment:
    """The changes to what is deployed, one after the other.

    Every method may raise RequestError, and StorageError when the disk does not take the change.
    """

    def __init__(self, project: Project, registry: Registry, runner: Runner) -> None:
        self.project = project
        self._registry = registry
        self._runner = runner
        self._uploads = Uploads(project.private / "uploads")
        self._file = project.private / _FILE_NAME
        self._lock = asyncio.Lock()

    async def put_action(self, package: str, name: str, put: ActionPut, overwrite: bool) -> Action:
        """Create or update an action."""

        def change(registry: Registry) -> Action:
            before = existing_action(registry, package, name)
            _refuse_overwriting(before, overwrite)
            action = updated_action(before, put, code) if before else new_action(package, name, put, code)
            return registry.actions.put(action.path, action)

        async with self._lock:
            if package and existing_package(self._registry, package) is None:
                raise RequestError(404, NOT_FOUND_TEXT)
            _refuse_overwriting(existing_action(self._registry, package, name), overwrite)
            code = await asyncio.to_thread(self._uploads.keep, put.exec) if put.exec else None
            action = await self._make(change)
        _log.info("deployed over REST: %s %s", action.path, action.version)
        if action.kind == BLACKBOX:
            _log.warning("%s runs as plain Python here, not in its image %s", action.path, action.image)
        return action

    async def delete_action(self, package: str, name: str) -> Action:
        def change(registry: Registry) -> Action:
            action = existing_action(registry, package, name)
            if action is None:
                raise RequestError(404, NOT_FOUND_TEXT)
            registry.actions.remove(action.path)
            return action

        async with self._lock:
            action = await self._make(change)
        _log.info("deleted over REST: %s", action.path)
        return action

    async def put_package(self, name: str, put: EntityPut, overwrite: bool) -> Package:
        """Create or update a package.

        The deployer updates every package, most of them with nothing: such an update counts the version of a
        package of the project, which goes on following its file and the variables that it names.
        """

        def change(registry: Registry) -> Package:
            before = existing_package(registry, name)
            _refuse_overwriting(before, overwrite)
            package = updated_package(before, put) if before else new_package(name, put)
            if put.names_nothing() and name in registry.packages.found:
                return registry.packages.place(name, package)
            return registry.packages.put(name, package)

        if name == RESERVED_PACKAGE:
            raise RequestError(400, f"Package name '{name}' is reserved.")
        async with self._lock:
            return await self._make(change)

    async def delete_package(self, name: str, force: bool) -> Package:
        """Delete a package, and with `force` the actions in it."""

        def change(registry: Registry) -> Package:
            package = existing_package(registry, name)
            if package is None:
                raise RequestError(404, NOT_FOUND_TEXT)
            inside = registry.actions_in(name)
            if inside and not force:
                raise RequestError(409, _not_empty_text(len(inside)))
            for action in inside:
                registry.actions.remove(action.path)
            if name in registry.packages:
                registry.packages.remove(name)
            return package

        async with self._lock:
            package = await self._make(change)
        _log.info("deleted over REST: package %s", name)
        return package

    async def _make(self, change: Callable[[Registry], T]) -> T:
        while True:
            begun_at, trial = self._registry.generation, self._registry.copy()
            result = change(trial)
            content = deployed_file.encoded(trial, self.project.folder)
            await asyncio.to_thread(private_file.write, self._file, content)
            if self._registry.generation == begun_at:
                break
            # Files of the project were deployed meanwhile; the change is for what is there now.
        self._registry.adopt(trial)
        self._runner.keep_only(self._registry)
        await asyncio.to_thread(self._uploads.remove_all_but, self._used_code())
        return result

    def _used_code(self) -> list[Code]:
        running = [activation.action.code for activation in self._runner.activations.running.values()]
        return [action.code for action in self._registry] + running


def existing_action(registry: Registry, package: str, name: str) -> Action | None:
    """Return the action of this path.

    Raises:
        RequestError: 409, a package has this name.
    """
    action = registry.actions.get(action_path(package, name))
    if action is None and not package and registry.find_package(name):
        raise RequestError(409, _WRONG_COLLECTION_TEXT)
    return action


def existing_package(registry: Registry, name: str) -> Package | None:
    """Return the package of this name.

    Raises:
        RequestError: 409, an action in no package has this name.
    """
    package = registry.find_package(name)
    if package is None and name in registry.actions:
        raise RequestError(409, _WRONG_COLLECTION_TEXT)
    return package


def _refuse_overwriting(before: Action | Package | None, overwrite: bool) -> None:
    if before and not overwrite:
        raise RequestError(409, _EXISTS_TEXT)


def _not_empty_text(count: int) -> str:
    things = "1 entity" if count == 1 else f"{count} entities"
    return f"Package not empty (contains {things}). Set force param or delete package contents."
