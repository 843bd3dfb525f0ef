"""Deploy again when files change: new, edited, renamed and deleted ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from watchfiles import (
    Change,
    DefaultFilter,
    awatch,  # pyright: ignore[reportUnknownVariableType] - its own types name a trio class
)

from localops.project.folder import Project

# Long enough to take the several events of one save together, short enough not to be waited for.
_DEBOUNCE_MS = 100
_STEP_MS = 20

_log = logging.getLogger("localops.project.watcher")


class _PackagesFilter(DefaultFilter):
    """A filter that skips files which are not sources of an action."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "virtualenv")

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and not path.endswith((".zip", ".tmp"))


def _is_env_file(change: Change, path: str) -> bool:  # noqa: ARG001 - the shape that watchfiles calls
    return Path(path).name == ".env"


async def watch(project: Project, deploy: Callable[[], None]) -> None:
    """Call `deploy` once when watching has begun and after each change, until cancelled."""

    async def follow(folder: Path, watch_filter: Callable[[Change, str], bool], recursive: bool) -> None:
        changes = awatch(
            folder, watch_filter=watch_filter, recursive=recursive, debounce=_DEBOUNCE_MS, step=_STEP_MS
        )
        async for _ in changes:
            deploy()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(project.packages, _PackagesFilter(), recursive=True))
        tasks.create_task(follow(project.folder, _is_env_file, recursive=False))
        # Both have registered their folder when they first wait; what changed before that is caught here.
        await asyncio.sleep(0)
        deploy()
