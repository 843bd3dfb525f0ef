"""Find a project's actions on disk, as `ops ide deploy` does.

Source: apache/openserverless-task ide/deploy/scan.js. Only Python actions run here; others are named
in a problem, as is every action whose directives `wsk` would refuse.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from localops.errors import DirectiveError
from localops.openwhisk.entities import Action, Code, Package
from localops.openwhisk.entity_name import is_name
from localops.openwhisk.kinds import BLACKBOX, PYTHON_KINDS, resolved_kind
from localops.project import directives
from localops.project.folder import Project
from localops.reading import regular_file
from localops.terminal_text import one_line, quoted

Entity = TypeVar("Entity", Action, Package)
# The variables for one source text.
_VariablesOf = Callable[[str], Mapping[str, str]]

_OTHER_MAINS = ("index.js", "index.php", "main.go")
_OTHER_SINGLES = (".js", ".php", ".go")
# Never part of what is deployed, or no reason to load an action anew.
LEFT_OUT = ("__pycache__", "virtualenv", "node_modules")
# In addresses it stands for "in no package", so that the deployer cannot make a package of this name.
RESERVED_PACKAGE = "default"

_log = logging.getLogger("localops.project.scan")


@dataclass(frozen=True)
class OnDisk(Generic[Entity]):
    """An entity as the disk describes it.

    Attributes:
        state: changes when one of its files does.
        fingerprint: changes also when a variable has another value: it must be deployed anew.
    """

    entity: Entity
    state: str

    @property
    def fingerprint(self) -> str:
        return f"{self.entity!r} {self.state}"


@dataclass
class Scan:
    """The result of a look at `packages/`.

    Attributes:
        actions: by path `package/name`.
        packages: those that an action is in, by name.
        problems: one sentence for each thing that cannot be deployed as it is.
        takes_https_for_granted: whether an action calls its model server by https in any case.
    """

    actions: dict[str, OnDisk[Action]] = field(default_factory=dict[str, OnDisk[Action]])
    packages: dict[str, OnDisk[Package]] = field(default_factory=dict[str, OnDisk[Package]])
    problems: list[str] = field(default_factory=list[str])
    takes_https_for_granted: bool = False


def scan(project: Project, variables: Mapping[str, str], over_https: Mapping[str, str] | None = None) -> Scan:
    """Read all actions of a project.

    Args:
        variables: what the directives' `$NAME` expand to.
        over_https: what some of them are instead for an action that takes https for granted.
    """
    found = Scan()

    def variables_of(source: str) -> Mapping[str, str]:
        if not directives.takes_https_for_granted(source):
            return variables
        found.takes_https_for_granted = True
        return {**variables, **(over_https or {})}

    for package in _package_folders(found, project):
        with _problem_of(found, f"packages/{one_line(package.name)} could not be read completely"):
            _add_package(found, project, package, variables_of)
    return found


@contextlib.contextmanager
def _problem_of(found: Scan, what: str) -> Generator[None]:
    """Make what goes wrong with a file the problem of that file, not of the whole project."""
    try:
        yield
    except DirectiveError as error:
        found.problems.append(f"{what}: {error}")
    except OSError as error:
        # An editor may remove a file while this looks at it; the next event brings another look.
        found.problems.append(f"{what}: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - a fault of ours must not take the other actions away
        _log.debug("%s", what, exc_info=True)
        found.problems.append(f"{what}: localops failed over it ({type(error).__name__}: {error})")


def _package_folders(found: Scan, project: Project) -> list[Path]:
    try:
        return sorted(path for path in project.packages.iterdir() if path.is_dir() and not _is_hidden(path))
    except OSError as error:
        reason = f"packages/ cannot be read: {error.strerror}"
        found.problems.append(
            f"{reason}; put it back and start localops again, so that it follows your edits"
        )
        return []


def _is_hidden(path: Path) -> bool:
    """Return whether the deployer's patterns pass over a file or folder, such as an editor's lock."""
    return path.name.startswith(".")


def _add_package(found: Scan, project: Project, package: Path, variables_of: _VariablesOf) -> None:
    if package.name == RESERVED_PACKAGE:
        found.problems.append("packages/default is not deployed: no package can have this name")
        return
    for other in _other_actions(package):
        path = one_line(str(other.relative_to(project.folder)))
        found.problems.append(f"{path} is not run here: localops runs Python actions only")
    codes = list(_python_actions(package))
    with _problem_of(found, f"packages/{one_line(package.name)}.args"):
        described = _described_package(project, package.name, variables_of)
        if codes:
            _add_actions(found, described, codes, variables_of)


def _add_actions(
    found: Scan, package: OnDisk[Package], codes: Iterable[Code], variables_of: _VariablesOf
) -> None:
    name = package.entity.name
    with _problem_of(found, f"packages/{one_line(name)} is not deployed"):
        _check_name(name)
        found.packages[name] = package
        for code in codes:
            with _problem_of(found, f"{one_line(f'{name}/{_action_name(code)}')} is not deployed"):
                _add(found, name, code, variables_of)


def _check_name(name: str) -> None:
    """Raise DirectiveError for a name that OpenWhisk refuses."""
    if not is_name(name):
        raise DirectiveError(
            f"OpenWhisk allows no such name: {quoted(name)}; use letters, digits, `_`, `-` and `.`"
        )


def _described_package(project: Project, name: str, variables_of: _VariablesOf) -> OnDisk[Package]:
    path = project.packages / f"{name}.args"
    try:
        source = regular_file.read_text(path)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
            raise
        return OnDisk(Package(name), "no .args")
    arguments = directives.read(source, variables_of(source))
    return OnDisk(Package(name, arguments.parameters, arguments.annotations), _state([path]))


def _python_actions(package: Path) -> Iterator[Code]:
    """Yield folders with a `__main__.py` first, then single files: the order of deployment."""
    for main in sorted(package.glob("*/__main__.py")):
        if not _is_hidden(main.parent):
            yield Code(main, main.parent)
    for single in sorted(package.glob("*.py")):
        if not _is_hidden(single):
            yield Code(single)


def _other_actions(package: Path) -> list[Path]:
    mains = [path for name in _OTHER_MAINS for path in package.glob(f"*/{name}")]
    singles = [path for path in package.iterdir() if path.suffix in _OTHER_SINGLES]
    return sorted(path for path in mains + singles if not _is_hidden(path) and not _is_hidden(path.parent))


def _action_name(code: Code) -> str:
    return (code.folder or code.main_file).name.split(".")[0]


def _add(found: Scan, package: str, code: Code, variables_of: _VariablesOf) -> None:
    name = _action_name(code)
    path = f"{package}/{name}"
    _check_name(name)
    source = regular_file.read_text(code.main_file)
    arguments = directives.read(source, variables_of(source))
    on_disk = _state(files(code))
    kind = resolved_kind(arguments.kind)
    if kind not in (*PYTHON_KINDS, BLACKBOX):
        found.problems.append(f"{path} is not run here: its kind {one_line(arguments.kind)} is not Python")
        return
    action = Action(
        package=package,
        name=name,
        kind=kind,
        code=Code(code.main_file, code.folder, arguments.function),
        parameters=arguments.parameters,
        annotations={"provide-api-key": False, **arguments.annotations},
        limits=arguments.as_limits(),
        image=arguments.image,
    )
    found.actions[path] = OnDisk(action, on_disk)
    if kind == BLACKBOX:
        found.problems.append(f"{path} runs as plain Python here, not in its container image")


def _state(paths: Iterable[Path]) -> str:
    """Return a digest that changes with every edit of one of the files."""
    digest = hashlib.sha256()
    for path in paths:
        status = path.stat()
        digest.update(os.fsencode(path) + f"\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return digest.hexdigest()


def files(code: Code) -> list[Path]:
    """Return the files that an action consists of."""
    if code.folder is None:
        return [code.main_file]
    return sorted(
        path
        for path in code.folder.rglob("*")
        if path.is_file() and not set(LEFT_OUT).intersection(path.relative_to(code.folder).parts)
    )
