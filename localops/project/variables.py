"""The variables that an action's `#--param` lines can name, and where each value came from.

Order, strongest first, as in `ops ide deploy` (apache/openserverless-cli main.go, sciabarracom/task
internal/env): what the login gives, the environment, `packages/.env`, `.env`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from localops.project.folder import Project


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
    found.update({key: Variable(value, "environment") for key, value in os.environ.items()})
    found.update({key: Variable(value, "login") for key, value in login.items()})
    return found


def layers_of_desk(project: Project) -> dict[str, Variable]:
    """What chooses the services of this machine: the environment, then `.env`.

    `packages/.env` does not count: it names the services of a deployment.
    """
    found = {key: Variable(value, ".env") for key, value in read_env_file(project.folder / ".env").items()}
    return found | {key: Variable(value, "environment") for key, value in os.environ.items()}


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env` file; none when there is no such file."""
    return {key: value for key, value in dotenv_values(path).items() if value is not None}
