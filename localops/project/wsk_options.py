"""The options of `wsk action update`, and their effect on an action.

Source: apache/openwhisk-cli commands/action.go, commands.go (parseArgs) and util.go (getFormattedJSON).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from localops.errors import DirectiveError
from localops.openwhisk.entities import Limits
from localops.openwhisk.kinds import BLACKBOX
from localops.reading import json_value, number
from localops.terminal_text import quoted

_NATIVE_IMAGE = "openwhisk/dockerskeleton"
_WEB_EXPORT = "web-export"
_WEB_SECURE = "require-whisk-auth"
# The value of `--web-secure true` in this run: `wsk` makes up a number that JavaScript can hold.
_SECRET_NUMBER = secrets.randbelow(2**53)
_WEB = {"web-export": True, "raw-http": False, "final": True}
_NO_WEB = {"web-export": False, "raw-http": False, "final": False}
_WEB_ANNOTATIONS = {
    "true": _WEB,
    "yes": _WEB,
    "raw": {**_WEB, "raw-http": True},
    "false": _NO_WEB,
    "no": _NO_WEB,
}


@dataclass
class Arguments:
    """The combined effect of the options of one `wsk action update`.

    Attributes:
        image: the container image that `--docker` names; "" for none.
        given: the options that were named, as they were spelled.
    """

    kind: str = "python:default"
    function: str = "main"
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    annotations: dict[str, Any] = field(default_factory=dict[str, Any])
    limits: dict[str, int] = field(default_factory=dict[str, int])
    image: str = ""
    given: set[str] = field(default_factory=set[str])

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
            raise DirectiveError(f"localops does not support {option}; remove it to run the action here")
        if option not in OPTIONS:
            raise DirectiveError(
                f"{quoted(option)} is not an option of `ops action update`; "
                "if it is part of a value, put the value in double quotes"
            )
        count, apply = OPTIONS[option]
        if glued and count == 2:
            raise DirectiveError(f"{option} takes its name and its value as two words, without a `=`")
        values = [value] if glued else []
        values += [rest.pop(0) for _ in range(min(count - len(values), len(rest)))]
        if len(values) < count:
            raise DirectiveError(f"{option} has no value; is a variable unset and not in double quotes?")
        apply(arguments, *values)
        arguments.given.add(option)
    _refuse_what_excludes_each_other(arguments)
    return arguments


def _refuse_what_excludes_each_other(arguments: Arguments) -> None:
    if {"--kind", "--docker"} <= arguments.given:
        raise DirectiveError("--kind and --docker exclude each other; remove one of them")
    if "--web-secure" in arguments.given and arguments.annotations.get(_WEB_EXPORT) is not True:
        raise DirectiveError("--web-secure is for web actions only; add `#--web true`")


def _members(key: str, value: str) -> dict[str, Any]:
    """Return a key and a value as `wsk` sends them: as JSON, in quotes where the value alone is not JSON.

    It escapes nothing in the value, so a backslash there begins an escape of JSON's, and quotes end the text.

    Raises:
        DirectiveError: `wsk` would make no JSON of it and send nothing, or the value has no end.
    """
    try:
        found = _json_members(key, value)
        json.dumps(found, ensure_ascii=False).encode()  # half a character can be read, but not sent
    except json_value.TooLargeError as error:
        raise DirectiveError(f"the value of {quoted(key)} cannot be used here: {error}") from error
    except ValueError as error:
        raise DirectiveError(
            f"the value of {quoted(key)} cannot be sent by `ops`, which escapes nothing in it; "
            r"""write it as JSON, such as '"C:\\data"'"""
        ) from error
    return found


def _json_members(key: str, value: str) -> dict[str, Any]:
    try:
        return {key: json_value.read(value)}
    except json_value.TooLargeError:
        raise
    except ValueError:
        name = json.dumps(key, ensure_ascii=False)
        return json_value.read_beginning(f'{{{name}: "{value}"}}')


def _set_web(arguments: Arguments, value: str) -> None:
    if value.lower() not in _WEB_ANNOTATIONS:
        raise DirectiveError(f"--web takes true, false, yes, no or raw, not {quoted(value)}")
    arguments.annotations.update(_WEB_ANNOTATIONS[value.lower()])


def _set_limit(name: str, low: int, high: int) -> Callable[[Arguments, str], None]:
    def apply(arguments: Arguments, value: str) -> None:
        limit = number.whole_number(value, range(low, high + 1))
        if limit is None:
            raise DirectiveError(f"the limit {name} is a number from {low} to {high}, not {quoted(value)}")
        arguments.limits[name] = limit

    return apply


def _set_parameter(arguments: Arguments, key: str, value: str) -> None:
    arguments.parameters.update(_members(key, value))


def _set_annotation(arguments: Arguments, key: str, value: str) -> None:
    arguments.annotations.update(_members(key, value))


def _delete_annotation(arguments: Arguments, key: str) -> None:
    arguments.annotations.pop(key, None)


def _set_field(name: str) -> Callable[[Arguments, str], None]:
    def apply(arguments: Arguments, value: str) -> None:
        setattr(arguments, name, value)

    return apply


def _set_image(arguments: Arguments, image: str = "") -> None:
    arguments.kind, arguments.image = BLACKBOX, image or _NATIVE_IMAGE


def _set_secure(arguments: Arguments, value: str) -> None:
    """Ask callers for a word: `true` for a number that nobody knows, `false` for nothing."""
    secret: str | int = {"true": _SECRET_NUMBER, "false": False}.get(value.lower(), value)
    arguments.annotations[_WEB_SECURE] = secret


def _ignore(arguments: Arguments, value: str = "") -> None:
    """Ignore an option that changes nothing on one machine: concurrency inside a container."""


# Options of `wsk` that no project was seen to use in its sources.
NOT_DONE = ("--param-file", "-P", "--annotation-file", "-A", "--sequence", "--copy")
# option -> how many values it takes, what they do
OPTIONS: dict[str, tuple[int, Callable[..., None]]] = {
    "--kind": (1, _set_field("kind")),
    "--main": (1, _set_field("function")),
    "--docker": (1, _set_image),
    "--native": (0, _set_image),
    "--web": (1, _set_web),
    "--web-secure": (1, _set_secure),
    "--param": (2, _set_parameter),
    "-p": (2, _set_parameter),
    "--annotation": (2, _set_annotation),
    "-a": (2, _set_annotation),
    "--del-annotation": (1, _delete_annotation),
    "--timeout": (1, _set_limit("timeout_ms", 100, 300_000)),
    "-t": (1, _set_limit("timeout_ms", 100, 300_000)),
    "--memory": (1, _set_limit("memory_mb", 128, 512)),
    "-m": (1, _set_limit("memory_mb", 128, 512)),
    "--logsize": (1, _set_limit("logs_mb", 0, 10)),
    "-l": (1, _set_limit("logs_mb", 0, 10)),
    "--concurrency": (1, cast("Callable[..., None]", _ignore)),
    "-c": (1, cast("Callable[..., None]", _ignore)),
}
