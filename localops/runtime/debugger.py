"""Runs inside the process of an action that is debugged: makes `breakpoint()` stop for a person.

Loaded by `child.py` by its path, so standard library only. What the action prints stays in its log: the
debugger has the terminal for itself.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import pdb
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, TextIO

TERMINAL = "/dev/tty"


def attach(port: int | None) -> None:
    """Have breakpoints stop in the terminal of `up` or, with a port, in an editor once it has attached."""
    if port is None:
        sys.breakpointhook = stop_in_terminal
        return
    # Else it writes several lines about modules of Python itself, which nobody wants to step into.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # The person installs it.
    debugpy: Any = importlib.import_module("debugpy")
    debugpy.listen(("127.0.0.1", port))
    print(f"waiting for a debugger to attach to port {port}", flush=True)  # noqa: T201 - the action's log
    debugpy.wait_for_client()
    print("a debugger has attached", flush=True)  # noqa: T201
    sys.breakpointhook = debugpy.breakpoint


def stop_in_terminal(*_: object, **__: object) -> None:
    """Stop where `breakpoint()` was called."""
    try:
        debugger = terminal_debugger()
    except OSError as error:
        print(f"breakpoint() passed: `up` has no terminal ({error})", file=sys.stderr)  # noqa: T201
        return
    debugger.set_trace(sys._getframe(1))  # pyright: ignore[reportPrivateUsage] - as pdb.set_trace does


@functools.cache
def terminal_debugger() -> TerminalDebugger:
    """The one of this process, so that what a person set in it stays set.

    Raises:
        OSError: there is no terminal.
    """
    return TerminalDebugger(open(TERMINAL), open(TERMINAL, "w"))


class TerminalDebugger(pdb.Pdb):
    """pdb that takes the terminal while it waits for commands and gives it back after."""

    def __init__(self, read: TextIO, write: TextIO) -> None:
        super().__init__(stdin=read, stdout=write)
        self.terminal = read.fileno()

    def interaction(self, *args: Any, **kwargs: Any) -> None:
        with in_foreground(self.terminal):
            super().interaction(*args, **kwargs)


@contextlib.contextmanager
def in_foreground(terminal: int) -> Generator[None]:
    """Be the process group that reads from the terminal and that Ctrl-C goes to."""
    before = os.tcgetpgrp(terminal)
    give_terminal(terminal, os.getpgrp())
    try:
        yield
    finally:
        give_terminal(terminal, before)


def give_terminal(terminal: int, group: int) -> None:
    # Whoever asks for it from the background is stopped by this signal.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
