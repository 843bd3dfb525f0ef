"""Tests beside programs that this project cannot install: left out where no variable names the program.

They are left out and not skipped, because a skip fails a run in which everything is required.
"""

from __future__ import annotations

import os

import pytest

# By the mark of the tests: the variable, and what the tests are beside.
REAL_PROGRAMS = {
    "production_streamer": ("STREAMER_BIN", "production's own streamer"),
    "semantic_kernel": ("SEMANTIC_KERNEL_PYTHON", "Semantic Kernel"),
}


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the tests out of a run whose program is not named."""
    missing = [mark for mark, (variable, _) in REAL_PROGRAMS.items() if not os.environ.get(variable)]
    left_out = [item for item in items if any(map(item.get_closest_marker, missing))]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def sentences() -> list[str]:
    """Return one sentence for each program that is not named."""
    return [
        f"{variable} is not set: the tests beside {program} are left out"
        for variable, program in REAL_PROGRAMS.values()
        if not os.environ.get(variable)
    ]
