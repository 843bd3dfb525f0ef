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

from localops import library
from localops.project.folder import Project

# Long enough to take the several events of one save together, short enough not to be waited for.
_DEBOUNCE_MS = 100
_STEP_MS = 20
# How often the files are looked at where the system does not report changes.
_POLL_MS = 250

_NO_EVENTS_TEXT = (
    "the system cannot watch {} ({}), so localops looks there {} times a second; "
    "on Linux `sysctl fs.inotify` shows the limits"
)
_GAVE_UP_TEXT = "a name in {} cannot be followed ({}); localops looks again after each change"

_Filter = Callable[[Change, str], bool]

_log = logging.getLogger("localops.project.watcher")


class _PackagesFilter(DefaultFilter):
    """A filter that skips files which are not sources of an action."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "virtualenv")

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and not path.endswith((".zip", ".tmp"))


def _is_env_file(change: Change, path: str) -> bool:  # noqa: ARG001 - the shape that watchfiles calls
    return Path(path).name == ".env"


async def watch(project: Project, deploy: Callable[[], None]) -> None:
    """Call `deploy` once when watching has begun and after each change, until cancelled.

    An edit of the project's library, where it has one, reaches the copies in its actions. A fault is
    reported, and the next change is followed all the same.
    """
    deploy_safely = _safely(deploy)
    shared = project.folder / library.LIBRARY
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_follow(project.packages, _PackagesFilter(), True, deploy_safely))
        tasks.create_task(_follow(project.folder, _is_env_file, False, deploy_safely))
        if shared.is_dir():
            sync = _safely(lambda: library.sync(project.folder))
            tasks.create_task(_follow(shared, _PackagesFilter(), True, sync))
        # All have registered their folder when they first wait; what changed before that is caught here.
        await asyncio.sleep(0)
        deploy_safely()


def _safely(act: Callable[[], object]) -> Callable[[], None]:
    faults: set[str] = set()

    def safe() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person's next edit may mend it
            fault = f"{type(error).__name__}: {error}"
            if fault not in faults:
                _log.exception(
                    "a change of the project is not deployed (%s); the next one is followed", fault
                )
            faults.add(fault)

    return safe


async def _follow(folder: Path, watch_filter: _Filter, recursive: bool, deploy: Callable[[], None]) -> None:
    """Deploy after each change in a folder, by the system's events or, where it gives none, by looking."""
    polling, reported = False, set[str]()
    while True:
        try:
            await _follow_by(polling, folder, watch_filter, recursive, deploy)
            return
        except (OSError, RuntimeError) as error:  # the system gives no further watch
            fault, polling = _NO_EVENTS_TEXT.format(folder, error, 1000 // _POLL_MS), True
        except ExceptionGroup as group:  # watchfiles gives up over a name that is not UTF-8
            fault = _GAVE_UP_TEXT.format(folder, group.exceptions[0])
        if fault not in reported:
            _log.warning("%s", fault)
        reported.add(fault)
        await asyncio.sleep(_POLL_MS / 1000)
        # What changed meanwhile brings no event any more. It is looked for once the folder is watched again,
        # which is when this task next waits: what changed between the two would be lost for good.
        asyncio.get_running_loop().call_soon(deploy)


async def _follow_by(
    polling: bool, folder: Path, watch_filter: _Filter, recursive: bool, deploy: Callable[[], None]
) -> None:
    changes = awatch(
        folder,
        watch_filter=watch_filter,
        recursive=recursive,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        force_polling=polling or None,
        poll_delay_ms=_POLL_MS,
    )
    async for _ in changes:
        deploy()
