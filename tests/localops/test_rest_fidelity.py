"""docs/fidelity.md: every line of it is shown by a test that exists, and says what the test shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "fidelity.md"
ROW = re.compile(r"\| (?P<rule>.+) \| (?P<state>\w+) \| `(?P<file>[\w/]+\.py)::(?P<test>\w+)` \|")
STATES = {"done", "better", "differs", "localops", "501", "open"}
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "| test |" not in line]


def test_the_page_has_lines():
    assert len(ROWS) > 80


@pytest.mark.parametrize("line", ROWS, ids=lambda line: line.split("|")[1].strip()[:50])
def test_every_line_names_a_test_that_exists(line: str):
    row = ROW.fullmatch(line)
    assert row is not None, "a line is `| rule | state | `file::test` |`"
    assert row["state"] in STATES
    functions = {
        node.name: node
        for node in ast.parse((TESTS / row["file"]).read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert row["test"] in functions
    marks = " ".join(ast.unparse(mark) for mark in functions[row["test"]].decorator_list)
    assert ("xfail" in marks) == (row["state"] == "open")
