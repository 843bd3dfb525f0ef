"""The variables that an action's `#--param` lines can name, and where each value came from.

Order, strongest first, as in `ops ide deploy` (apache/openserverless-cli main.go, sciabarracom/task
internal/env): what the login gives, the environment, `packages/.env`, `.env`.
"""

from __future__ import annotations

import functools
import io
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from localops.project.folder import Project
from localops.reading import regular_file
from localops.terminal_text import quoted

_log = logging.getLogger("localops.project.variables")
# It warns at every reading, and does not say of which file.
logging.getLogger("dotenv.main").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Variable:
    """A value and the name of the layer it came from: `login`, `environment` or a file's path."""

    value: str
    source: str


def layers(project: Project, login: Mapping[str, str]) -> dict[str, Variable]:
    """Merge all layers of variables, the strongest winning.

    Args:
        login: what this server gives out as a cluster does at login, such as OPSDEV_HOST.
    """
    found: dict[str, Variable] = {}
    for path in reversed(project.env_files):
        name = str(path.relative_to(project.folder))
        found.update({key: Variable(value, name) for key, value in read_env_file(path).items()})
    found.update(_of_environment())
    found.update({key: Variable(value, "login") for key, value in login.items()})
    return found


def layers_of_desk(project: Project) -> dict[str, Variable]:
    """Return what chooses the services of this machine: the environment, then `.env`.

    `packages/.env` does not count: it names the services of a deployment.
    """
    found = {key: Variable(value, ".env") for key, value in read_env_file(project.folder / ".env").items()}
    return found | _of_environment()


def _of_environment() -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for key, value in os.environ.items():
        if _is_text(key + value):
            found[key] = Variable(value, "environment")
        else:
            _warn(f"the environment's {quoted(key)} is not UTF-8, so it does not count")
    return found


def _is_text(value: str) -> bool:
    """Return whether a value of the environment is UTF-8; Python keeps other bytes as half characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file; none when there is no such file.

    Lines that make no sense are skipped, with a warning.
    """
    try:
        text = regular_file.read_text(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        _warn(f"{path} cannot be used, so none of its variables count: {error.strerror}")
        return {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            _warn(f"{path} line {binding.original.line} is not NAME=VALUE, or misses a quote; it is skipped")
    found = dotenv_values(stream=io.StringIO(text))
    return {key: value for key, value in found.items() if value is not None}


@functools.lru_cache(maxsize=100)
def _warn(sentence: str) -> None:
    """Warn once: the files are read again with every change of the project."""
    _log.warning("%s", sentence)
