"""Find where an action's arguments come from: which variable, and which layer set it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from localops.deployment.settings import Settings
from localops.errors import DirectiveError
from localops.openwhisk.entities import Action, Activation
from localops.project import directives
from localops.project.expansion import named_variables
from localops.project.folder import Project
from localops.project.variables import Variable, read_env_file
from localops.reading import regular_file

# Stands for a variable's value while the directives are read; no source holds these characters.
_MARK = re.compile("\ue000([A-Za-z_][A-Za-z0-9_]*)\ue001")


@dataclass(frozen=True)
class _VariableUse:
    """A variable of the project.

    Attributes:
        source: the layer that won: a file's path, `environment` or `login`; "" when it is set nowhere.
        overruled: the layers that set it too.
        used_by: the actions and packages that name it.
    """

    name: str
    value: str
    source: str
    overruled: list[str]
    used_by: list[str]


def variables_of_parameters(source: str) -> dict[str, list[str]]:
    """Return, by parameter, the variables that its `#--param` line names.

    Args:
        source: the text of an action's main file, or of a package's `.args` file.
    """
    names = named_variables(source)
    try:
        parameters = directives.read(source, {name: f"\ue000{name}\ue001" for name in names}).parameters
    except DirectiveError:
        return {}
    found = {name: _MARK.findall(str(value)) for name, value in parameters.items()}
    return {name: variables for name, variables in found.items() if variables}


def _sources(project: Project, action: Action) -> list[tuple[str, str]]:
    """Return the texts with an action's directives, the package's first, each with its path."""
    found: list[tuple[str, str]] = []
    for file in (project.packages / f"{action.package}.args", action.code.main_file):
        # It may be gone, or damaged meanwhile; then it names nothing any more.
        with contextlib.suppress(OSError):
            if file.is_relative_to(project.packages):
                found.append((str(file.relative_to(project.folder)), regular_file.read_text(file)))
    return found


def of_arguments(
    project: Project, variables: Mapping[str, Variable], activation: Activation
) -> dict[str, str]:
    """Return, by argument of an activation, a few words on where its value came from."""
    action = activation.action
    named = {
        parameter: (path, names)
        for path, text in _sources(project, action)
        for parameter, names in variables_of_parameters(text).items()
    }

    def words(name: str, value: object) -> str:
        if name.startswith("__ow_"):
            return "the HTTP request"
        if name in ("STREAM_HOST", "STREAM_PORT"):
            return "the streamer"
        if name not in action.parameters or action.parameters[name] != value:
            return "the caller"
        path, names = named.get(name, ("", []))
        if not names:
            return "a parameter of the action"
        return ", ".join(f"{each} from {_layer(variables, each)}" for each in names) + f" ({path})"

    return {name: words(name, value) for name, value in activation.arguments.items()}


def _layer(variables: Mapping[str, Variable], name: str) -> str:
    found = variables.get(name)
    return found.source if found else "nowhere: it is not set"


def variable_uses(project: Project, settings: Settings, actions: Mapping[str, Action]) -> list[_VariableUse]:
    """Return the variables that the project's `.env` files set, its actions name, or a login gives."""
    winners, login = settings.variables(), settings.login
    files = {str(path.relative_to(project.folder)): read_env_file(path) for path in project.env_files}
    users = _users_by_variable(project, actions)
    names = {name for file in files.values() for name in file} | login.keys() | users.keys()
    return [
        _variable_use(name, winners.get(name), files, sorted(users.get(name, set())))
        for name in sorted(names)
    ]


def _users_by_variable(project: Project, actions: Mapping[str, Action]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for action in actions.values():
        for path, text in _sources(project, action):
            user = action.path if path.endswith(".py") else path
            for names in variables_of_parameters(text).values():
                for name in names:
                    found.setdefault(name, set()).add(user)
    return found


def _variable_use(
    name: str, winner: Variable | None, files: Mapping[str, Mapping[str, str]], used_by: list[str]
) -> _VariableUse:
    source = winner.source if winner else ""
    also = [path for path, values in files.items() if name in values and path != source]
    return _VariableUse(name, winner.value if winner else "", source, also, used_by)
