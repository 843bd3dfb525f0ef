"""What the import statements of Python sources name."""

from __future__ import annotations

import ast


def imported_names(node: ast.AST) -> list[str]:
    """The first part of each name that a statement imports absolutely; none of what is no import."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []
