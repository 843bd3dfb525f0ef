"""The options of `wsk action update`, and what they make of an action.

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

NATIVE_IMAGE = "openwhisk/dockerskeleton"
WEB_EXPORT = "web-export"
WEB_SECURE = "require-whisk-auth"
# What `--web-secure true` is in this run: `wsk` makes a number up that JavaScript can hold, and tells nobody.
SECRET_NUMBER = secrets.randbelow(2**53)
WEB = {"web-export": True, "raw-http": False, "final": True}
NO_WEB = {"web-export": False, "raw-http": False, "final": False}
WEB_ANNOTATIONS = {"true": WEB, "yes": WEB, "raw": {**WEB, "raw-http": True}, "false": NO_WEB, "no": NO_WEB}


@dataclass
class Arguments:
    """What the options of one `wsk action update` come to.

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
            raise DirectiveError(f"localops does not support {option}; leave it out to run the action here")
        if option not in OPTIONS:
            raise DirectiveError(
                f"{quoted(option)} is not an option of `ops action update`; "
                "if it is part of a value, put double quotes around the value"
            )
        count, apply = OPTIONS[option]
        if glued and count == 2:
            raise DirectiveError(f"{option} takes its name and its value as two words, without a `=`")
        values = [value] if glued else []
        values += [rest.pop(0) for _ in range(min(count - len(values), len(rest)))]
        if len(values) < count:
            raise DirectiveError(f"{option} lacks its value; is a variable unset and not in double quotes?")
        apply(arguments, *values)
        arguments.given.add(option)
    refuse_what_excludes_each_other(arguments)
    return arguments


def refuse_what_excludes_each_other(arguments: Arguments) -> None:
    if {"--kind", "--docker"} <= arguments.given:
        raise DirectiveError("--kind and --docker exclude each other; leave one of them out")
    if "--web-secure" in arguments.given and arguments.annotations.get(WEB_EXPORT) is not True:
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


def set_web(arguments: Arguments, value: str) -> None:
    if value.lower() not in WEB_ANNOTATIONS:
        raise DirectiveError(f"--web takes true, false, yes, no or raw, not {quoted(value)}")
    arguments.annotations.update(WEB_ANNOTATIONS[value.lower()])


def set_limit(name: str, low: int, high: int) -> Callable[[Arguments, str], None]:
    def apply(arguments: Arguments, value: str) -> None:
        limit = number.whole_number(value, range(low, high + 1))
        if limit is None:
            raise DirectiveError(f"the limit {name} is a number from {low} to {high}, not {quoted(value)}")
        arguments.limits[name] = limit

    return apply


def set_parameter(arguments: Arguments, key: str, value: str) -> None:
    arguments.parameters.update(_members(key, value))


def set_annotation(arguments: Arguments, key: str, value: str) -> None:
    arguments.annotations.update(_members(key, value))


def delete_annotation(arguments: Arguments, key: str) -> None:
    arguments.annotations.pop(key, None)


def set_field(name: str) -> Callable[[Arguments, str], None]:
    def apply(arguments: Arguments, value: str) -> None:
        setattr(arguments, name, value)

    return apply


def set_image(arguments: Arguments, image: str = "") -> None:
    arguments.kind, arguments.image = BLACKBOX, image or NATIVE_IMAGE


def set_secure(arguments: Arguments, value: str) -> None:
    """Ask callers for a word: for a number that nobody knows if `true`, for nothing if `false`."""
    secret: str | int = {"true": SECRET_NUMBER, "false": False}.get(value.lower(), value)
    arguments.annotations[WEB_SECURE] = secret


def ignore(arguments: Arguments, value: str = "") -> None:
    """An option that changes nothing on one machine: concurrency inside a container."""


# Options of `wsk` that no project was seen to use in its sources.
NOT_DONE = ("--param-file", "-P", "--annotation-file", "-A", "--sequence", "--copy")
# option -> how many values it takes, what they do
OPTIONS: dict[str, tuple[int, Callable[..., None]]] = {
    "--kind": (1, set_field("kind")),
    "--main": (1, set_field("function")),
    "--docker": (1, set_image),
    "--native": (0, set_image),
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
