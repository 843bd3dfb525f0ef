"""`localops password`: set the password of a user of the chat's login, or look for the published one."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from localops.access import published_password
from localops.errors import StartError


def run(options: argparse.Namespace) -> int:
    """Return 0 when the password is set, or with --check, when the published one is gone; else 1."""
    project: Path = options.project
    if options.check:
        found = published_password.problem(project)
        if found:
            sys.stderr.write(f"localops: {found}\n")
        return 1 if found else 0
    published_password.set_password(project, options.user, _asked(options.user))
    done = f"{published_password.USERS_FILE} has the new password of {options.user!r}"
    sys.stdout.write(f"{done}; deploy mastrogpt/login again.\n")
    return 0


def _asked(user: str) -> str:
    """Return the password that a person types twice, or that a script sends as a line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"New password of {user}: ")
    if getpass.getpass("Once more: ") != password:
        raise StartError("these were two passwords; nothing was changed")
    return password
