"""The published password of `pinocchio`, the user with whom the chat's login and MastroGPT's starters come.

Whoever can read this can log in with it, so nobody but this machine may reach a chat that has it.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any, cast

import bcrypt

from localops import bootstrap
from localops.errors import StartError, StorageError
from localops.reading import json_value, regular_file

USERS_FILE = "packages/mastrogpt/login/users.json"
USER = "pinocchio"
_PUBLISHED_PASSWORD = "geppetto"  # noqa: S105 - it is public
_MIN_LENGTH = 8
# bcrypt sees no more of a password than this.
MAX_BYTES = 72


class _UsersFileError(StartError):
    """The file of the users cannot be read, or is not what the login reads."""


def problem(project: Path) -> str | None:
    """Return what to say while the published password is in a project; None when it is not."""
    if not (project / USERS_FILE).exists() or not _is_published(_users(project).get(USER)):
        return None
    elsewhere = "" if project.resolve() == bootstrap.ROOT else f" --project {shlex.quote(str(project))}"
    return (
        f"{USERS_FILE} has the published password of {USER!r}, with which anybody can log in: set another "
        f"with `python3 -m localops password {USER}{elsewhere}`"
    )


def refuse(project: Path, listening_on: str) -> None:
    """Raise StartError when other machines would reach a chat that has the published password."""
    found = problem(project)
    if found:
        raise StartError(f"--host {listening_on} lets other machines in, and {found}")


def set_password(project: Path, user: str, password: str) -> None:
    """Give a user of the chat's login a password; a user who is not there yet is added.

    Raises:
        UsersFileError: what is there makes no sense.
        StartError: the password is too short, too long or the published one.
        StorageError: the file cannot be written.
    """
    _check(password)
    users = {**_users(project), user: bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode()}
    path = project / USERS_FILE
    try:
        # In place, as the deployer's watch of changed files wants it.
        path.write_text(json.dumps(users, indent=2) + "\n")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise StorageError(f"{path} could not be written: {reason}") from error


def _check(password: str) -> None:
    if len(password) < _MIN_LENGTH:
        raise StartError(f"a password needs at least {_MIN_LENGTH} characters")
    if len(password.encode()) > MAX_BYTES:
        raise StartError(f"a password may have at most {MAX_BYTES} bytes: bcrypt sees no more")
    if password == _PUBLISHED_PASSWORD:
        raise StartError("this is the published password, which everybody knows: choose another")


def _users(project: Path) -> dict[str, Any]:
    path = project / USERS_FILE
    try:
        value: Any = json_value.read(regular_file.read_bytes(path))
    except OSError as error:
        raise _UsersFileError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _UsersFileError(f"{path} cannot be used: it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise _UsersFileError(f"{path} cannot be used: it must be an object of names and bcrypt hashes")
    return cast("dict[str, Any]", value)


def _is_published(hashed: object) -> bool:
    try:
        return isinstance(hashed, str) and bcrypt.checkpw(_PUBLISHED_PASSWORD.encode(), hashed.encode())
    except ValueError:
        return False  # it is not a bcrypt hash, so it lets nobody in
