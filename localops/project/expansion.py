"""Variables in the `#--` lines: which a text names, and what it becomes when they are filled in.

Source: apache/openserverless-task ide/deploy/env_utils.js. Every oddity is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@#?$*!-]")
_BRACED_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:=)(.*))?", re.DOTALL)
_NAME_IN_TEXT = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def named_variables(text: str) -> set[str]:
    """Return the names that stand behind a `$` anywhere in a text."""
    return set(_NAME_IN_TEXT.findall(text))


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
            value, length = _variable_at(text, position, known)
        result.append(character if value is None else value)
        position += length
    return "".join(result)


def _variable_at(text: str, position: int, known: dict[str, str]) -> tuple[str | None, int]:
    """Return the value of the `$` expression at a position and its length; (None, 1) for a plain `$`."""
    if text.startswith("${", position):
        end = text.find("}", position)
        if end < 0:
            return None, 1
        inner = text[position + 2 : end]
        return _braced_value(inner, known), end + 1 - position
    name = _VARIABLE_NAME.match(text, position + 1)
    if name is None:
        return None, 1
    special = {"$": str(os.getpid()), "?": "0", "#": "0", "!": ""}
    return special.get(name[0], known.get(name[0], "")), 1 + len(name[0])


def _braced_value(inner: str, known: dict[str, str]) -> str:
    match = _BRACED_VARIABLE.fullmatch(inner)
    if match is None:
        return "${" + inner + "}"
    name, operator, default = match.groups()
    value = known.get(name, "")
    if operator and not value:
        value = default
        if operator == ":=":
            known[name] = value
    return value
