"""Make `breakpoint()` stop for a person; runs inside the process of an action that is debugged.

Loaded by `child.py` by its path, so standard library only. What the action prints stays in its log: the
debugger has the terminal for itself.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import os
import pdb
import select
import signal
import socket
import sys
import threading

_TYPE_CHECKING = False
if _TYPE_CHECKING:
    from collections.abc import Generator
    from typing import IO, Any, TextIO

_TERMINAL = "/dev/tty"


def attach(port: int | None) -> None:
    """Make breakpoints stop in the terminal of `up` or, with a port, in an editor once it has attached."""
    if port is None:
        sys.breakpointhook = _stop_in_terminal
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


def _stop_in_terminal(*_: object, **__: object) -> None:
    """Stop where `breakpoint()` was called."""
    try:
        debugger = _terminal_debugger()
    except OSError as error:
        print(f"breakpoint() passed: `up` has no terminal ({error})", file=sys.stderr)  # noqa: T201
        return
    debugger.set_trace(sys._getframe(1))  # pyright: ignore[reportPrivateUsage] - as pdb.set_trace does


@functools.cache
def _terminal_debugger() -> _TerminalDebugger:
    """Return the debugger of this process, in which everything that a person set stays set.

    Raises:
        OSError: there is no terminal.
    """
    return _TerminalDebugger(_Lines(open(_TERMINAL, "rb")), open(_TERMINAL, "w"))


class _TerminalDebugger(pdb.Pdb):
    """pdb that takes the terminal while it waits for commands and gives it back after."""

    def __init__(self, read: TextIO, write: TextIO) -> None:
        super().__init__(stdin=read, stdout=write)
        self._terminal = read.fileno()

    def interaction(self, *args: Any, **kwargs: Any) -> None:
        with _in_foreground(self._terminal):
            super().interaction(*args, **kwargs)


class _Lines(io.TextIOWrapper):
    """The lines that a person types; Ctrl-C raises KeyboardInterrupt, however early it comes.

    Python's own `readline` sleeps on when the signal comes just before its system call. Here it leaves
    a byte that ends the wait, in a socket that lives as long as this: an interrupt may fall between any
    two steps, and then nobody tidies up.
    """

    def __init__(self, terminal: IO[bytes]) -> None:
        super().__init__(terminal)
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)

    def readline(self, size: int = -1, /) -> str:
        # Only the main thread gets signals.
        if threading.current_thread() is threading.main_thread():
            self._wait()
        return super().readline(size)

    def _wait(self) -> None:
        before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        try:
            with contextlib.suppress(BlockingIOError):
                self._ours.recv(4096)  # of signals that have been seen to
            select.select([self, self._ours], [], [])
        finally:
            signal.set_wakeup_fd(before)


@contextlib.contextmanager
def _in_foreground(terminal: int) -> Generator[None]:
    """Be the process group that reads from the terminal and that Ctrl-C goes to."""
    before = os.tcgetpgrp(terminal)
    _give_terminal(terminal, os.getpgrp())
    try:
        yield
    finally:
        _give_terminal(terminal, before)


def _give_terminal(terminal: int, group: int) -> None:
    # Whoever asks for it from the background is stopped by this signal.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
