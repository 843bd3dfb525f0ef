"""The tools that the checks and some tests run on Node.js, as tests/package-lock.json locks it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys

from localops import bootstrap
from localops.errors import StartError

_TESTS = bootstrap.ROOT / "tests"
_MODULES = _TESTS / "node_modules"


def path(tool: str) -> str:
    """Return where an installed tool is."""
    return str(_MODULES / ".bin" / tool)


def install() -> None:
    """Bring tests/node_modules to what the lock says.

    Raises:
        StartError: there is no npm, or it fails.
    """
    lock = hashlib.sha256((_TESTS / "package-lock.json").read_bytes()).hexdigest()
    stamp = _MODULES / ".installed"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise StartError("the type checkers run on Node.js; install it with npm (Debian: `apt install npm`)")
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run(command, cwd=_TESTS, stdout=sys.stderr, check=False).returncode:  # noqa: S603
        raise StartError("npm could not install tests/package-lock.json; this needs the network once")
    stamp.write_text(lock)


def install_if_there_is_npm() -> None:
    """Do the same as `install` where there is npm; without it, the tests that need Node.js report it.

    Raises:
        StartError: npm fails.
    """
    if shutil.which("npm"):
        install()
