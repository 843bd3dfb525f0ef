"""`up --debug`: an action that a person stops at breakpoints, without the limits that would end it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localops.errors import StartError
from localops.openwhisk.entities import Action, Limits

_DEBUGGER = Path(__file__).with_name("debugger.py")
# Nobody looks at a breakpoint for longer than a day.
NO_LIMITS = Limits(timeout_ms=24 * 60 * 60 * 1000, memory_mb=1024 * 1024)


@dataclass(frozen=True)
class Debugging:
    """An action that is debugged, and how.

    Attributes:
        action: its path.
        port: where an editor attaches; None for the terminal of `up`.
    """

    action: str
    port: int | None = None

    def is_for(self, action: Action) -> bool:
        return action.path == self.action

    def for_child(self) -> dict[str, Any]:
        """Return what the action's process is told."""
        return {"file": str(_DEBUGGER), "port": self.port}


def asked_for(action: str | None, port: int | None, packages: Path) -> Debugging | None:
    """Return what the command line asks for.

    Raises:
        StartError: the options contradict each other, or there is no such action or no debugger.
    """
    if action is None:
        if port is not None:
            raise StartError("--debug-port needs an action to debug; name it with --debug PACKAGE/ACTION")
        return None
    if not (packages / f"{action}.py").is_file() and not (packages / action / "__main__.py").is_file():
        raise StartError(
            f"--debug {action}: there is no packages/{action}.py and no packages/{action}/__main__.py"
        )
    if port is not None and importlib.util.find_spec("debugpy") is None:
        raise StartError(
            "--debug-port needs debugpy, which is not installed: `.venv/bin/python -m pip install debugpy`; "
            "without --debug-port, breakpoints stop in this terminal"
        )
    return Debugging(action, port)


def lines(debugging: Debugging | None) -> list[str]:
    """Return the lines for the console."""
    if debugging is None:
        return []
    where = "here" if debugging.port is None else f"in an editor that attaches to port {debugging.port}"
    return [f"debug: breakpoints of {debugging.action} stop {where}; its time and memory are not limited"]


def without_limits(action: Action) -> Action:
    return replace(action, limits=replace(NO_LIMITS, logs_mb=action.limits.logs_mb))
