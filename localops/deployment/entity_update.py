"""Apply a PUT to an action or a package that exists, or make one.

What an update does not name is kept. Annotations of an action are merged key by key, its parameters are
replaced as a whole. Source: apache/openwhisk Actions.scala, Packages.scala.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localops.deployment.collection import FIRST_VERSION, next_version
from localops.errors import RequestError
from localops.openwhisk.entities import Action, Code, Limits, Package
from localops.openwhisk.put_content import ActionPut, EntityPut

_NO_EXEC_TEXT = "exec undefined"
# Set by the server, whatever a client sends.
_EXEC_ANNOTATION = "exec"
_API_KEY_ANNOTATION = "provide-api-key"
_BINDING_ANNOTATION = "binding"


def new_action(package: str, name: str, put: ActionPut, code: Code | None) -> Action:
    """Return the action that a PUT makes where there was none.

    Args:
        code: where the code that was sent lies now; None when none was sent.

    Raises:
        RequestError: 400, there is no code.
    """
    if put.exec is None or code is None:
        raise RequestError(400, _NO_EXEC_TEXT)
    return Action(
        package=package,
        name=name,
        kind=put.exec.kind,
        code=code,
        parameters=put.parameters or {},
        annotations=_without_exec({_API_KEY_ANNOTATION: False, **(put.annotations or {})}),
        limits=replace(Limits(), **put.limits),
        publish=put.publish or False,
        image=put.exec.image,
        version=put.version or FIRST_VERSION,
    )


def updated_action(action: Action, put: ActionPut, code: Code | None) -> Action:
    """Return an action after a PUT; `code` as for `new_action`."""
    kept = {key: value for key, value in action.annotations.items() if key not in put.removed_annotations}
    return replace(
        action,
        kind=put.exec.kind if put.exec else action.kind,
        code=code or action.code,
        parameters=action.parameters if put.parameters is None else put.parameters,
        annotations=_without_exec({**kept, **(put.annotations or {})}),
        limits=replace(action.limits, **put.limits),
        publish=action.publish if put.publish is None else put.publish,
        image=put.exec.image if put.exec else action.image,
        version=put.version or next_version(action.version),
    )


def _without_exec(annotations: Mapping[str, Any]) -> dict[str, Any]:
    return _without(_EXEC_ANNOTATION, annotations)


def _without(name: str, annotations: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in annotations.items() if key != name}


def new_package(name: str, put: EntityPut) -> Package:
    """Return the package that a PUT makes where there was none."""
    return Package(
        name,
        put.parameters or {},
        _without(_BINDING_ANNOTATION, put.annotations or {}),
        put.publish or False,
        put.version or FIRST_VERSION,
    )


def updated_package(package: Package, put: EntityPut) -> Package:
    """Return a package after a PUT: parameters and annotations are each replaced as a whole where named."""
    annotations = package.annotations if put.annotations is None else put.annotations
    return replace(
        package,
        parameters=package.parameters if put.parameters is None else put.parameters,
        annotations=_without(_BINDING_ANNOTATION, annotations),
        publish=package.publish if put.publish is None else put.publish,
        version=put.version or next_version(package.version),
    )
