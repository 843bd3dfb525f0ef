"""Wait for what others bring about, until a deadline that names it and that no busy machine reaches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")

PATIENCE_S = 60
_LOOK_AGAIN_S = 0.02


def eventually(holds: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Return whether something holds before the time is over."""
    deadline = time.monotonic() + timeout_s
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)
    return held


def in_time(act: Callable[[], Result], what: str, timeout_s: float = PATIENCE_S) -> Result:
    """Return what a call that blocks returns, such as one that reads a line from another process.

    Args:
        what: names what the call waits for.

    Raises:
        AssertionError: it did not come in time; the thread that waits for it is left behind.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(act())
        except BaseException as error:  # noqa: BLE001 - the caller gets it, whatever it is
            outcome.set_exception(error)

    threading.Thread(target=run, name=f"waits for {what}", daemon=True).start()
    try:
        return outcome.result(timeout_s)
    except TimeoutError:
        if outcome.done():  # the call itself has raised it
            raise
        raise AssertionError(f"{what} did not come within {timeout_s:g} s") from None


def ended(thread: threading.Thread, timeout_s: float = PATIENCE_S) -> None:
    """Wait for the end of a thread.

    Raises:
        AssertionError: it goes on.
    """
    thread.join(timeout_s)
    assert not thread.is_alive(), f"the thread {thread.name!r} has not ended within {timeout_s:g} s"
