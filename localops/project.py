"""Find a project's actions on disk, as `ops ide deploy` does.

Source: apache/openserverless-task ide/deploy/scan.js. Only Python actions run here; others are named
in a problem, as is every action whose directives `wsk` would refuse.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localops import directives
from localops.config import Project
from localops.entities import Action, Code
from localops.errors import DirectiveError

OTHER_MAINS = ("index.js", "index.php", "main.go")
OTHER_SINGLES = (".js", ".php", ".go")
PYTHON_KINDS = ("python:default", "python:3", "python:310", "python:3.11", "python:3.12", "python:3.13")
# Never part of what is deployed, or no reason to load an action anew.
LEFT_OUT = ("__pycache__", "virtualenv", "node_modules")


@dataclass
class Scan:
    """What a look at `packages/` found.

    Attributes:
        actions: by path `package/name`.
        fingerprints: by the same path, a digest that changes when the action must be loaded anew.
        problems: one sentence for each thing that cannot be deployed.
    """

    actions: dict[str, Action] = field(default_factory=dict[str, Action])
    fingerprints: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])


def scan(project: Project, variables: Mapping[str, str]) -> Scan:
    """Read all actions of a project.

    Args:
        variables: what the directives' `$NAME` expand to.
    """
    found = Scan()
    for package in sorted(path for path in project.packages.iterdir() if path.is_dir()):
        try:
            shared = package_parameters(project, package.name, variables)
        except (DirectiveError, UnicodeDecodeError) as error:
            found.problems.append(f"packages/{package.name}.args: {error}")
            continue
        for code in python_actions(package):
            add(found, package.name, code, shared, variables)
        found.problems += [
            f"{path.relative_to(project.folder)} is not run here: localops runs Python actions only"
            for path in other_actions(package)
        ]
    return found


def package_parameters(project: Project, package: str, variables: Mapping[str, str]) -> dict[str, object]:
    path = project.packages / f"{package}.args"
    return directives.read(path.read_text(), variables).parameters if path.is_file() else {}


def python_actions(package: Path) -> Iterator[Code]:
    """Folders with a `__main__.py` first, then single files: the order of deployment."""
    for main in sorted(package.glob("*/__main__.py")):
        yield Code(main, main.parent)
    for single in sorted(package.glob("*.py")):
        yield Code(single)


def other_actions(package: Path) -> list[Path]:
    mains = [path for name in OTHER_MAINS for path in package.glob(f"*/{name}")]
    return sorted(mains + [path for path in package.iterdir() if path.suffix in OTHER_SINGLES])


def add(
    found: Scan, package: str, code: Code, shared: Mapping[str, object], variables: Mapping[str, str]
) -> None:
    name = (code.folder or code.main_file).name.split(".")[0]
    path = f"{package}/{name}"
    try:
        arguments = directives.read(code.main_file.read_text(), variables)
    except (DirectiveError, UnicodeDecodeError) as error:
        found.problems.append(f"{path} is not deployed: {error}")
        return
    if arguments.kind not in (*PYTHON_KINDS, "blackbox"):
        found.problems.append(f"{path} is not run here: its kind {arguments.kind} is not Python")
        return
    found.actions[path] = Action(
        package=package,
        name=name,
        kind="python:3" if arguments.kind == "python:default" else arguments.kind,
        code=Code(code.main_file, code.folder, arguments.function),
        parameters={**shared, **arguments.parameters},
        annotations=arguments.annotations,
        limits=arguments.as_limits(),
    )
    found.fingerprints[path] = fingerprint(found.actions[path])


def fingerprint(action: Action) -> str:
    """Change with every edit of the action's files, its arguments or its variables' values."""
    digest = hashlib.sha256(repr(action).encode())
    for file in files(action.code):
        status = file.stat()
        digest.update(f"{file}\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return digest.hexdigest()


def files(code: Code) -> list[Path]:
    """The files that an action consists of."""
    if code.folder is None:
        return [code.main_file]
    return sorted(
        path
        for path in code.folder.rglob("*")
        if path.is_file() and not set(LEFT_OUT).intersection(path.relative_to(code.folder).parts)
    )


def syntax_problem(action: Action) -> str | None:
    """The first syntax error in an action's files, as a sentence."""
    for file in files(action.code):
        if file.suffix != ".py":
            continue
        try:
            ast.parse(file.read_bytes(), str(file))
        except SyntaxError as error:
            return f"{action.path} cannot run: {file.name} line {error.lineno}: {error.msg}"
    return None
