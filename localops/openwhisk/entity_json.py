"""Packages, actions and activations as answers of the REST API show them.

Source: apache/openwhisk WhiskAction.scala, WhiskPackage.scala, WhiskActivation.scala, ActivationResult.scala
and ansible/files/whisks_design_document_*.json (the summaries in lists).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localops.openwhisk.entities import Action, Activation, Package, Status
from localops.openwhisk.kinds import BLACKBOX
from localops.openwhisk.namespace import USER

_STATUS_CODES: dict[Status, int] = {
    "success": 0,
    "application error": 1,
    "action developer error": 2,
    "whisk internal error": 3,
}


def _key_values(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _namespace(action: Action) -> str:
    return f"{USER}/{action.package}" if action.package else USER


def _shown_annotations(action: Action) -> list[dict[str, Any]]:
    """Return the annotations with the kind in `exec`, where clients look for it in lists."""
    return _key_values({**action.annotations, "exec": action.kind})


def action_summary(action: Action) -> dict[str, Any]:
    """Return an action as a list shows it: no code, no parameters."""
    return {
        "namespace": _namespace(action),
        "name": action.name,
        "version": action.version,
        "publish": action.publish,
        "annotations": _shown_annotations(action),
        "limits": action.limits.as_json(),
        "exec": {"binary": action.code.binary},
        "updated": action.updated_ms,
    }


def action_record(action: Action, code: str | None = None) -> dict[str, Any]:
    """Return a whole action.

    Args:
        code: as it travels; None leaves it out.
    """
    described: dict[str, Any] = {"kind": action.kind, "binary": action.code.binary}
    if action.kind == BLACKBOX:
        described["image"] = action.image
    if action.code.function != "main":
        described["main"] = action.code.function
    if code is not None:
        described["code"] = code
    return {**action_summary(action), "exec": described, "parameters": _key_values(action.parameters)}


def package_summary(package: Package) -> dict[str, Any]:
    """Return a package as a list shows it."""
    return {
        "namespace": USER,
        "name": package.name,
        "version": package.version,
        "publish": package.publish,
        "annotations": _key_values(package.annotations),
        "binding": False,
        "updated": package.updated_ms,
    }


def package_record(package: Package) -> dict[str, Any]:
    return {**package_summary(package), "binding": {}, "parameters": _key_values(package.parameters)}


def package_with_actions(package: Package, actions: list[Action]) -> dict[str, Any]:
    """Return what a GET of one package answers: actions annotated with `feed` are listed apart."""
    listed = [
        {"name": action.name, "version": action.version, "annotations": _shown_annotations(action)}
        for action in actions
    ]
    is_feed = ["feed" in action.annotations for action in actions]
    return {
        **package_record(package),
        "actions": [each for each, feed in zip(listed, is_feed, strict=True) if not feed],
        "feeds": [each for each, feed in zip(listed, is_feed, strict=True) if feed],
    }


def activation_summary(activation: Activation) -> dict[str, Any]:
    """Return an activation as a list without `docs` shows it."""
    return {
        "activationId": activation.id,
        "namespace": USER,
        "name": activation.action.name,
        "version": activation.action.version,
        "publish": False,
        "annotations": _activation_annotations(activation),
        "start": activation.start_ms,
        "end": activation.end_ms,
        "duration": activation.duration_ms,
        "statusCode": _STATUS_CODES[activation.status],
    }


def activation_record(activation: Activation) -> dict[str, Any]:
    """Return a whole activation."""
    record = activation_summary(activation)
    del record["statusCode"]
    return {**record, "subject": USER, "logs": log_lines(activation), "response": response(activation)}


def log_lines(activation: Activation) -> list[str]:
    return [line.as_whisk() for line in activation.logs]


def response(activation: Activation) -> dict[str, Any]:
    return {
        "status": activation.status,
        "success": activation.status == "success",
        "size": activation.result_bytes,
        "result": activation.result,
    }


def _activation_annotations(activation: Activation) -> list[dict[str, Any]]:
    action = activation.action
    values: dict[str, Any] = {
        "path": f"{_namespace(action)}/{action.name}",
        "kind": action.kind,
        "limits": action.limits.as_json(),
        "timeout": activation.timed_out,
        "waitTime": activation.waited_ms,
    }
    if activation.cold_ms is not None:
        values["initTime"] = activation.cold_ms
    return _key_values(values)
