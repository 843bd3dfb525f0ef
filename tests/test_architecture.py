"""Dependencies point one way; this walks the imports and says where one does not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What the OpenServerless Python runtime image ships and the actions may import.
RUNTIME_IMAGE = {"requests", "bcrypt", "chevron", "chess", "redis"}
# From the outside in: what stands in a row imports only from rows below it, and from its own folder.
ROWS = [
    ("__main__",),
    ("cli",),
    ("up", "commands"),
    ("serving", "console", "background"),
    ("routes",),
    ("inspector",),
    ("deployment", "streaming", "redis", "model_host"),
    ("access", "runtime"),
    ("project", "s3"),
    ("openwhisk",),
    ("errors", "bootstrap", "library", "ollama", "__init__"),
    ("accepting", "plain_http", "reading", "terminal_text"),
]
DEPTH = {name: depth for depth, names in enumerate(ROWS) for name in names}
MODULES = sorted(ROOT.glob("localops/**/*.py"))
# The library of the actions, likewise; each of these imports relatively, so that a copy of it is whole.
LIBRARY_ROWS = [
    ("chat",),
    ("providers",),
    ("redis_store", "streaming"),
    ("settings", "arguments", "session", "log", "__init__"),
]
LIBRARY_DEPTH = {name: depth for depth, names in enumerate(LIBRARY_ROWS) for name in names}
LIBRARY = sorted(ROOT.glob("mastro/**/*.py"))
ACTIONS = [
    file for file in sorted(ROOT.glob("packages/*/**/*.py")) if "mastro" not in file.relative_to(ROOT).parts
]
# Beside localops: what each may import of the project, and which modules of localops may import it.
BESIDE = {"bench": ({"localops", "tests.scripted"}, {"localops.cli"}), "model": ({"localops"}, set[str]())}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(file: Path) -> str:
    """Return the name under which a file is imported."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(module: str) -> str:
    """Return the folder or module right below `localops` or `mastro` that a dotted name stands in."""
    return [*module.split("."), "__init__"][1]


def imported_relatively(file: Path) -> Iterator[str]:
    """Yield the whole names that relative imports mean."""
    package = dotted(file) if file.name == "__init__.py" else dotted(file).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            yield ".".join([*base, *filter(None, [node.module])])
            yield from (".".join([*base, *filter(None, [node.module, alias.name])]) for alias in node.names)


@pytest.mark.parametrize("file", ACTIONS, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_action_imports_only_its_own_folder_and_the_runtime_image(file: Path):
    siblings = (
        {each.stem for each in file.parent.iterdir()} if (file.parent / "__main__.py").exists() else set()
    )
    allowed = sys.stdlib_module_names | RUNTIME_IMAGE | siblings
    assert {name.split(".")[0] for name in imported(file)} <= allowed


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_library_imports_only_inwards_and_relatively(file: Path):
    assert {name.split(".")[0] for name in imported(file)} <= sys.stdlib_module_names | {"requests"}
    own = part(dotted(file))
    for name in imported_relatively(file):
        if name != "mastro" and part(name) != own and part(name) in LIBRARY_DEPTH:
            assert LIBRARY_DEPTH[part(name)] > LIBRARY_DEPTH[own], f"{file.name} imports {name}"


def test_every_part_of_the_library_has_its_row():
    assert {part(dotted(file)) for file in LIBRARY} == LIBRARY_DEPTH.keys()


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_localops_imports_only_inwards(file: Path):
    own = part(dotted(file))
    for name in imported(file):
        assert not name.startswith(("packages", "tests"))
        if name.split(".")[0] in BESIDE:
            assert dotted(file) in BESIDE[name.split(".")[0]][1], f"{file.name} imports {name}"
        if name.startswith("localops.") and part(name) != own:
            assert DEPTH[part(name)] > DEPTH[own], f"{file.name} imports {name}"


@pytest.mark.parametrize(
    "file", sorted(each for folder in BESIDE for each in ROOT.glob(f"{folder}/**/*.py")), ids=dotted
)
def test_what_stands_beside_localops_imports_little_else(file: Path):
    own = dotted(file).split(".")[0]
    allowed = (own, *BESIDE[own][0])
    ours = [name for name in imported(file) if (ROOT / name.split(".")[0]).is_dir()]
    assert [name for name in ours if not f"{name}.".startswith(tuple(f"{each}." for each in allowed))] == []


def test_no_module_of_localops_needs_itself():
    names = {dotted(file): file for file in MODULES}
    needs = {name: names.keys() & set(imported(file)) - {name} for name, file in names.items()}
    assert list(TopologicalSorter(needs).static_order())
