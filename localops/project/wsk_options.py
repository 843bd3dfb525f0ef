"""The options of `wsk action update`, and what they make of an action.

Source: apache/openwhisk-cli commands/action.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from localops.errors import DirectiveError
from localops.openwhisk.entities import Limits

WEB_ANNOTATIONS = {
    "true": {"web-export": True, "raw-http": False, "final": True},
    "yes": {"web-export": True, "raw-http": False, "final": True},
    "raw": {"web-export": True, "raw-http": True, "final": True},
    "false": {"web-export": False, "raw-http": False, "final": False},
    "no": {"web-export": False, "raw-http": False, "final": False},
}


@dataclass
class Arguments:
    """What the options of one `wsk action update` come to."""

    kind: str = "python:default"
    function: str = "main"
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    annotations: dict[str, Any] = field(default_factory=dict[str, Any])
    limits: dict[str, int] = field(default_factory=dict[str, int])

    def as_limits(self) -> Limits:
        return Limits(**self.limits)


def read_options(given: list[str]) -> Arguments:
    """Apply the options of `wsk action update` in order; a later one wins.

    Raises:
        DirectiveError: an unknown option, a stray word or a missing or bad value.
    """
    arguments = Arguments()
    rest = list(given)
    while rest:
        option, glued, value = rest.pop(0).partition("=")
        if option in NOT_DONE:
            raise DirectiveError(f"localops does not do {option}; leave it out to run the action here")
        if option not in OPTIONS:
            raise DirectiveError(
                f"{option!r} is no option of `ops action update`; "
                "if it is part of a value, put double quotes around the value"
            )
        count, apply = OPTIONS[option]
        values = [value] if glued else []
        values += [rest.pop(0) for _ in range(min(count - len(values), len(rest)))]
        if len(values) < count:
            raise DirectiveError(f"{option} lacks its value; is a variable unset and not in double quotes?")
        apply(arguments, *values)
    return arguments


def json_or_text(value: str) -> Any:
    """A value as `wsk` sends it: JSON when it parses, else the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def set_web(arguments: Arguments, value: str = "true") -> None:
    if value not in WEB_ANNOTATIONS:
        raise DirectiveError(f"--web takes true, false, yes, no or raw, not {value!r}")
    arguments.annotations.update(WEB_ANNOTATIONS[value])


def set_limit(name: str, low: int, high: int) -> Callable[[Arguments, str], None]:
    def apply(arguments: Arguments, value: str) -> None:
        if not value.isdigit() or not low <= int(value) <= high:
            raise DirectiveError(f"the limit {name} is a number from {low} to {high}, not {value!r}")
        arguments.limits[name] = int(value)

    return apply


def set_parameter(arguments: Arguments, key: str, value: str) -> None:
    arguments.parameters[key] = json_or_text(value)


def set_annotation(arguments: Arguments, key: str, value: str) -> None:
    arguments.annotations[key] = json_or_text(value)


def delete_annotation(arguments: Arguments, key: str) -> None:
    arguments.annotations.pop(key, None)


def set_field(name: str, value: str | None = None) -> Callable[..., None]:
    def apply(arguments: Arguments, given: str = "") -> None:
        setattr(arguments, name, value or given)

    return apply


def set_secure(arguments: Arguments, value: str) -> None:
    arguments.annotations["require-whisk-auth"] = json_or_text(value)


def ignore(arguments: Arguments, value: str = "") -> None:
    """An option that changes nothing on one machine: concurrency inside a container."""


# Options of `wsk` that no project was seen to use in its sources.
NOT_DONE = ("--param-file", "-P", "--annotation-file", "-A", "--sequence", "--copy")
# option -> how many values it takes, what they do
OPTIONS: dict[str, tuple[int, Callable[..., None]]] = {
    "--kind": (1, set_field("kind")),
    "--main": (1, set_field("function")),
    "--docker": (1, set_field("kind", "blackbox")),
    "--native": (0, set_field("kind", "blackbox")),
    "--web": (1, set_web),
    "--web-secure": (1, set_secure),
    "--param": (2, set_parameter),
    "-p": (2, set_parameter),
    "--annotation": (2, set_annotation),
    "-a": (2, set_annotation),
    "--del-annotation": (1, delete_annotation),
    "--timeout": (1, set_limit("timeout_ms", 100, 300_000)),
    "-t": (1, set_limit("timeout_ms", 100, 300_000)),
    "--memory": (1, set_limit("memory_mb", 128, 512)),
    "-m": (1, set_limit("memory_mb", 128, 512)),
    "--logsize": (1, set_limit("logs_mb", 0, 10)),
    "-l": (1, set_limit("logs_mb", 0, 10)),
    "--concurrency": (1, cast("Callable[..., None]", ignore)),
    "-c": (1, cast("Callable[..., None]", ignore)),
}
