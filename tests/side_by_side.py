"""Run the tests in several processes: how many, and which tests go together."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from left_out import leave_out
from xdist.scheduler.loadscope import LoadScopeScheduling

MIN_WORKERS = 2
# Each has a browser, a model and a localops of its own.
MAX_WORKERS = 6
_IN_A_BROWSER = "tests/web/"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests in a browser last, since Playwright then keeps the thread's one event loop."""
    leave_out(config, items)
    items.sort(key=lambda item: item.nodeid.startswith(_IN_A_BROWSER))


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `-n auto` runs the tests in: tests also wait, so one core keeps two busy."""
    return min(max(_cores(), MIN_WORKERS), MAX_WORKERS)


def _cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Keep the tests of a file together, in order, and hand out those in a browser one by one."""
    return _Scheduling(config, log) if config.getoption("dist") == "loadscope" else None


class _Scheduling(LoadScopeScheduling):
    """Gives each process the next file, or the next test in a browser, so that all end together."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False  # a file with few tests is not a short one
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(_IN_A_BROWSER) else nodeid.partition("::")[0]
