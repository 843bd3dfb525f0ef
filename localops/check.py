"""`localops check`: format, lint, types and shared copies, each by the tool made for it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from localops import bootstrap
from localops.errors import StartError

TESTS = bootstrap.ROOT / "tests"
SCRIPT_FOLDERS = ("web", "localops/inspector")
NODE_TOOLS = TESTS / "node_modules"


def check() -> int:
    """Run all checks, also after one has failed; 0 when all are content."""
    install_node_tools()
    python_tool = (sys.executable, "-m", "ruff")
    statuses = [
        run("format", *python_tool, "format", "--check", "."),
        run("lint", *python_tool, "check", "."),
        run("shared copies", sys.executable, "-m", "localops", "sync", "--check"),
        run("types of Python", str(NODE_TOOLS / ".bin" / "pyright")),
        *(
            run(
                f"types of JavaScript in {folder}",
                str(NODE_TOOLS / ".bin" / "tsc"),
                "--project",
                f"{folder}/jsconfig.json",
            )
            for folder in SCRIPT_FOLDERS
        ),
    ]
    return 1 if any(statuses) else 0


def run(title: str, *command: str) -> int:
    print(f"{title}: ", end="", flush=True)
    return subprocess.run(command, cwd=bootstrap.ROOT, check=False).returncode  # noqa: S603 - our own words


def install_node_tools() -> None:
    """Bring tests/node_modules to what tests/package-lock.json locks.

    Raises:
        StartError: there is no npm, or it fails.
    """
    lock = hashlib.sha256((TESTS / "package-lock.json").read_bytes()).hexdigest()
    stamp = NODE_TOOLS / ".installed"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise StartError("the type checkers run on Node.js; install it with npm (Debian: `apt install npm`)")
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run(command, cwd=TESTS, stdout=sys.stderr, check=False).returncode:  # noqa: S603
        raise StartError("npm could not install tests/package-lock.json; this needs the network once")
    Path(stamp).write_text(lock)
