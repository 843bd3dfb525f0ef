"""The `#--` lines of an action's source, read as `ops ide deploy` and `wsk` read them.

Source: apache/openserverless-task ide/deploy/{deploy,env_utils}.js (which lines count, how variables
expand), npm shell-quote (how the text becomes words; what is no plain word is dropped), apache/openwhisk-cli
(the options). Every oddity is kept: what deploys here deploys there with the same arguments.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from localops.errors import DirectiveError
from localops.openwhisk.entities import Limits

COUNTED_LINE = re.compile(r"^(#|//)[ ]?-{1,2}[^\s-].+")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@#?$*!-]")
BRACED_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:=)(.*))?", re.DOTALL)
# One word or operator of shell-quote: quoted parts, escapes and plain text run together.
TOKEN = re.compile(
    r"""(?P<operator>\|\||&&|;;|\|&|<\(|<<<|>>|>&|<&|[&;()|<>])
      | (?P<word>(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s'"&;()|<>\\\#]|\\|['"])+)
      | (?P<comment>\#.*)""",
    re.VERBOSE | re.DOTALL,
)
PART = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|\\.|[^\\"\']+|.', re.DOTALL)
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


def read(source: str, variables: Mapping[str, str]) -> Arguments:
    """Read the directives of one source text.

    Args:
        source: the text of the main file, or of a package's `.args` file.
        variables: what `$NAME` expands to; an unknown name is an empty string.

    Raises:
        DirectiveError: `wsk` would refuse the arguments.
    """
    text = " ".join(COUNTED_MARKER.sub("", line.strip()).strip() for line in counted_lines(source))
    return read_options(words(expand(text, variables)))


COUNTED_MARKER = re.compile(r"^(#|//)")


def counted_lines(source: str) -> list[str]:
    """The lines, at column 0, that the deployer takes for arguments."""
    return [line for line in source.split("\n") if COUNTED_LINE.match(line)]


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:=default}` outside single quotes."""
    known = dict(variables)
    result: list[str] = []
    position, quoted = 0, False
    while position < len(text):
        character = text[position]
        quoted ^= character == "'"
        value, length = (None, 1)
        if character == "$" and not quoted:
            value, length = variable_at(text, position, known)
        result.append(character if value is None else value)
        position += length
    return "".join(result)


def variable_at(text: str, position: int, known: dict[str, str]) -> tuple[str | None, int]:
    """The value of the `$` expression at a position and its length, or (None, 1) when it is a plain `$`."""
    if text.startswith("${", position):
        end = text.find("}", position)
        if end < 0:
            return None, 1
        inner = text[position + 2 : end]
        return braced_value(inner, known), end + 1 - position
    name = VARIABLE_NAME.match(text, position + 1)
    if name is None:
        return None, 1
    special = {"$": str(os.getpid()), "?": "0", "#": "0", "!": ""}
    return special.get(name[0], known.get(name[0], "")), 1 + len(name[0])


def braced_value(inner: str, known: dict[str, str]) -> str:
    match = BRACED_VARIABLE.fullmatch(inner)
    if match is None:
        return "${" + inner + "}"
    name, operator, default = match.groups()
    value = known.get(name, "")
    if operator and not value:
        value = default
        if operator == ":=":
            known[name] = value
    return value


def words(text: str) -> list[str]:
    """Split like shell-quote, without what is no plain word: operators, globs, and a comment to the end."""
    found: list[str] = []
    for token in TOKEN.finditer(text):
        if token.lastgroup == "comment":
            break
        if token.lastgroup == "word" and not is_glob(token[0]):
            found.append("".join(plain(part) for part in PART.findall(token[0])))
    return found


def is_glob(word: str) -> bool:
    return any(
        not part.startswith(('"', "'", "\\")) and re.search(r"[*?]", part) for part in PART.findall(word)
    )


def plain(part: str) -> str:
    """One part of a word without its quotes and escapes."""
    if len(part) > 1 and part[0] == part[-1] == "'":
        return part[1:-1]
    if len(part) > 1 and part[0] == part[-1] == '"':
        return re.sub(r'\\(["\\$`])', r"\1", part[1:-1])
    if len(part) == 2 and part[0] == "\\":
        return part[1]
    return "" if part in ("'", '"') else part


def read_options(given: list[str]) -> Arguments:
    """Apply the options of `wsk action update` in order; a later one wins.

    Raises:
        DirectiveError: an unknown option, a stray word or a missing or bad value.
    """
    arguments = Arguments()
    rest = list(given)
    while rest:
        option, glued, value = rest.pop(0).partition("=")
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
