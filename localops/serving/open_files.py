"""Raise how many files this process may have open: a stream needs six, and some systems begin with 256."""

from __future__ import annotations

import contextlib
import resource

_ENOUGH = 8192


def allow_many() -> None:
    """Raise the limit as far as is needed and the system lets everybody."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    # macOS has one more limit, which it does not tell here; then things stay as they were.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
