"""Python sources that somebody else wrote, read without running them."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

from localops.reading import regular_file


def parse(file: Path) -> ast.Module:
    """Return the syntax tree of a source.

    Raises:
        SyntaxError: it is not Python, or Python gives up on it.
        OSError: it cannot be read; see `regular_file`.
    """
    source = regular_file.read_bytes(file)
    try:
        with warnings.catch_warnings():
            # Of an invalid escape, say: the action's own log has it when the action runs.
            warnings.simplefilter("ignore")
            return ast.parse(source, str(file))
    except ValueError as error:  # a null byte, in Python 3.11; half a character
        raise SyntaxError(str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise SyntaxError("it is nested too deeply") from error


def imported_names(node: ast.AST) -> list[str]:
    """Return the first part of each name that a statement imports absolutely; none for other statements."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []
