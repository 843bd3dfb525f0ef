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
    ("errors", "bootstrap", "shared", "ollama", "__init__"),
    ("plain_http", "reading", "terminal_text"),
]
DEPTH = {name: depth for depth, names in enumerate(ROWS) for name in names}
MODULES = sorted(ROOT.glob("localops/**/*.py"))
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
    """The name under which a file of localops is imported."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(module: str) -> str:
    """The folder or module right below `localops` that a dotted name stands in."""
    return [*module.split("."), "__init__"][1]


@pytest.mark.parametrize("file", sorted(ROOT.glob("packages/*/**/*.py")), ids=lambda file: str(file.name))
def test_an_action_imports_only_its_own_folder_and_the_runtime_image(file: Path):
    siblings = (
        {each.stem for each in file.parent.glob("*.py")} if (file.parent / "__main__.py").exists() else set()
    )
    allowed = sys.stdlib_module_names | RUNTIME_IMAGE | siblings
    assert {name.split(".")[0] for name in imported(file)} <= allowed


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
