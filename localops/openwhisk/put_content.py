"""Read the body of a PUT of an action or a package.

Source: apache/openwhisk Actions.scala, Packages.scala, Exec.scala, WhiskEntity.scala.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localops.errors import RequestError
from localops.openwhisk import base64_text
from localops.openwhisk.kinds import BLACKBOX, KINDS, PYTHON_KINDS, SEQUENCE, resolved_kind
from localops.openwhisk.limit_bounds import read_limits
from localops.openwhisk.request_content import Content, malformed

_MAX_CODE_BYTES = 48 * 1024 * 1024
_MAX_PARAMETER_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Exec:
    """Code as it was sent.

    Attributes:
        text: source text, or base64 of a zip or of source text.
        image: a container image; "" for none.
    """

    kind: str
    text: str
    function: str
    image: str

    def decoded(self) -> bytes | None:
        """Return the bytes of base64; None when the text is source text. Only the text itself tells which."""
        return base64_text.decoded(self.text)


@dataclass(frozen=True)
class EntityPut:
    """The members that packages and actions share; None where a member was not sent."""

    parameters: Mapping[str, Any] | None
    annotations: Mapping[str, Any] | None
    version: str | None
    publish: bool | None

    def names_nothing(self) -> bool:
        return all(value is None for value in vars(self).values())


@dataclass(frozen=True)
class ActionPut(EntityPut):
    exec: Exec | None
    removed_annotations: list[str]
    limits: Mapping[str, int]


def read_package(members: dict[str, Any]) -> EntityPut:
    """Read the body of a package's PUT.

    Raises:
        RequestError: it is malformed or too large, or asks for a binding.
    """
    if members.get("binding"):
        raise RequestError(501, "localops does not bind packages; copy the package's actions instead.")
    return _read_shared(Content(members))


def read_action(members: dict[str, Any]) -> ActionPut:
    """Read the body of an action's PUT.

    Raises:
        RequestError: it is malformed, too large or out of limits, or this action cannot run here.
    """
    content = Content(members)
    sent = content.within("exec")
    code = _read_exec(sent) if sent else None
    shared = _read_shared(content)
    return ActionPut(
        **vars(shared),
        exec=code,
        removed_annotations=content.texts("delAnnotations"),
        limits=read_limits(content.within("limits")),
    )


def _read_shared(content: Content) -> EntityPut:
    put = EntityPut(
        parameters=content.key_values("parameters"),
        annotations=content.key_values("annotations"),
        version=content.version(),
        publish=content.truth("publish"),
    )
    for name, values in (("parameters", put.parameters), ("annotations", put.annotations)):
        size = sum(len(key.encode()) + len(json.dumps(value)) for key, value in (values or {}).items())
        _refuse_above(name, size, _MAX_PARAMETER_BYTES)
    return put


def _refuse_above(name: str, size: int, most: int) -> None:
    if size > most:
        raise RequestError(413, f"{name} larger than allowed: {size} > {most} bytes.")


def _read_exec(content: Content) -> Exec:
    """Return the code of a PUT, when it is of a kind that runs here."""
    asked = content.text("kind")
    if asked is None:
        raise malformed("'kind' must be a string defined in 'exec'")
    kind = _runnable_kind(asked)
    image = content.text("image") or ""
    if kind == BLACKBOX and not image:
        raise malformed(f"'image' must be a string defined in 'exec' for '{BLACKBOX}' actions")
    text = content.text("code")
    if kind == BLACKBOX and not (text or "").strip():
        raise RequestError(501, f"localops runs Python code, and {image} is only a container image.")
    if text is None:
        raise malformed(
            f"'code' must be a string or attachment object defined in 'exec' for '{asked}' actions"
        )
    _refuse_above("exec", len(text.encode()), _MAX_CODE_BYTES)
    return Exec(kind, text, content.text("main") or "main", image)


def _runnable_kind(asked: str) -> str:
    kind = resolved_kind(asked)
    if kind is None:
        valid = ", ".join(f"'{each}'" for each in KINDS)
        raise malformed(
            f"The specified runtime '{asked}' is not supported by this platform. Valid values are: {valid}."
        )
    if kind == SEQUENCE:
        raise RequestError(501, "localops does not do sequences; call one action from the other instead.")
    if kind not in (*PYTHON_KINDS, BLACKBOX):
        raise RequestError(501, f"localops runs Python actions only; OpenServerless runs {kind} too.")
    return kind
