"""The user of this server and its secrets: made once for each project, kept in its private folder.

Every value is a string that no client takes for a number, with no `=` and no `#`, as `ops` and `wsk` need it.
Source: apache/openserverless-cli config/config_map.go, apache/openwhisk-cli commands/util.go.
"""

from __future__ import annotations

import json
import secrets
import string
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from localops.access import private_file
from localops.errors import StartError
from localops.openwhisk.namespace import USER
from localops.reading import json_value

FILE_NAME = "credentials.json"
_SECRET_LENGTH = 40


@dataclass(frozen=True)
class Credentials:
    """The names and secrets of a project's one user.

    Attributes:
        password: for `ops ide login`; a person may change it in the file.
        auth: `uuid:key`, for the REST API.
        s3_secret_key: signs requests to S3; the access key is the user.
        redis_password: of the user of the same name.
    """

    user: str
    password: str
    auth: str
    s3_secret_key: str
    redis_password: str


def read_or_make(folder: Path) -> tuple[Credentials, bool]:
    """Return a project's credentials, and whether they were made just now.

    Args:
        folder: the project's private folder.

    Raises:
        StartError: the file is there and makes no sense.
        StorageError: they cannot be kept.
    """
    path = folder / FILE_NAME
    kept = read(path) if path.is_file() else {}
    credentials = Credentials(**{**asdict(new()), **kept})
    if kept != asdict(credentials):
        private_file.write(path, json.dumps(asdict(credentials), indent=2).encode() + b"\n")
    return credentials, not kept


def new() -> Credentials:
    return Credentials(
        user=USER,
        password=secret(16),
        auth=f"{uuid.uuid4()}:{secret(64)}",
        s3_secret_key=secret(_SECRET_LENGTH),
        redis_password=secret(_SECRET_LENGTH),
    )


def secret(length: int) -> str:
    """Return random letters and digits, a letter first."""
    rest = (secrets.choice(string.ascii_letters + string.digits) for _ in range(length - 1))
    return secrets.choice(string.ascii_letters) + "".join(rest)


def read(path: Path) -> dict[str, str]:
    try:
        value: Any = json_value.read(path.read_bytes())
    except ValueError as error:
        raise _senseless(path, f"it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise _senseless(path, "it holds no object")
    names = {each.name for each in fields(Credentials)}
    for name, text in cast("dict[str, object]", value).items():
        if name not in names or not isinstance(text, str) or not text:
            raise _senseless(path, f"{name!r} is not a credential, or its value is not a text")
    return cast("dict[str, str]", value)


def _senseless(path: Path, reason: str) -> StartError:
    return StartError(f"{path} cannot be used: {reason}; mend it, or delete it to get new credentials")
