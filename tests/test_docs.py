"""The documentation names what exists, and leaves out nothing that a person can type."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from localops.cli import parser
from localops.project.wsk_options import NOT_DONE, OPTIONS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
SOURCES = sorted((ROOT / "localops").glob("**/*.py"))
TEST_FILES = sorted(
    file for file in (ROOT / "tests").glob("**/test_*.py") if "node_modules" not in file.parts
)
NAMED_FILE = re.compile(r"`(?:tests/)?([\w/]*test_\w+\.py)(?:::(\w+))?`")
NAMED_TEST = re.compile(r"`(test_\w+)`")
READ_VARIABLE = re.compile(r"(?:environ(?:\.get)?|variables\.get)[\[(]\"([A-Z_0-9]+)\"")
# Further words of these go to other programs.
PASS_WORDS_ON = ("test", "bench")
# They belong to the runtime or to a debugger; nobody sets them.
NOT_FOR_PEOPLE = ("__OW_", "PYDEVD_")


@cache
def functions(file: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path):
    text = page.read_text()
    for path, name in NAMED_FILE.findall(text):
        files = [file for file in TEST_FILES if str(file).endswith(f"/{path}")]
        assert len(files) == 1, f"{page.name} names {path}"
        assert not name or name in functions(files[0]), f"{page.name} names {path}::{name}"
    known = {name for file in TEST_FILES for name in functions(file)}
    assert set(NAMED_TEST.findall(text)) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def commands() -> Iterator[tuple[str, str]]:
    """Yield each command with each of its options; "" for the command itself."""
    for action in parser()._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        for name, words in action.choices.items():
            yield name, ""
            yield from ((name, option) for each in words._actions for option in each.option_strings)


@pytest.mark.parametrize(("command", "option"), list(commands()))
def test_every_command_and_option_is_in_the_reference(command: str, option: str):
    rows = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{command}` |")]
    assert len(rows) == 1
    assert not option or option in ("-h", "--help") or re.search(rf"`{option}\b", rows[0])


@pytest.mark.parametrize("directive", [*OPTIONS, *NOT_DONE])
def test_every_directive_is_in_the_reference(directive: str):
    assert f"`{directive}`" in REFERENCE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_types_exists(page: Path):
    typed = re.findall(r"^(?:\$ )?python3 -m localops ([a-z]+)(.*)$", page.read_text(), re.MULTILINE)
    known = set(commands())
    for command, words in typed:
        assert (command, "") in known, f"{page.name} types {command}"
        options = re.findall(r" (--[a-z-]+)", words.partition("#")[0])
        own = {option for option in options if (command, option) in known}
        assert command in PASS_WORDS_ON or own == set(options), f"{page.name} types {command} {options}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path):
    for path in re.findall(
        r"`((?:\.ci|bench|docs|localops|model|requirements|tests|web)/[\w./-]+)`", page.read_text()
    ):
        # Tests may be named from their own folder.
        assert (ROOT / path).exists() or (ROOT / "tests" / path).exists(), f"{page.name} names {path}"


def addresses() -> set[str]:
    """Return the paths of this server that stand in the code whole, up to their first variable part."""
    files = [
        file for folder in ("routes", "serving") for file in (ROOT / "localops" / folder).glob("**/*.py")
    ]
    texts = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    paths = {text.partition("{")[0].rstrip("/") for text in texts if re.fullmatch(r"/[a-z_][\w/{}:-]*", text)}
    # One word alone is the rest of a path that a router puts together.
    return {path for path in paths if path.count("/") > 1}


@pytest.mark.parametrize("address", sorted(addresses()))
def test_every_address_is_in_the_reference(address: str):
    assert address in REFERENCE


@pytest.mark.parametrize(
    "name", sorted({name for file in SOURCES for name in READ_VARIABLE.findall(file.read_text())})
)
def test_every_variable_that_is_read_is_in_the_reference(name: str):
    assert name.startswith(NOT_FOR_PEOPLE) or f"`{name}`" in REFERENCE
