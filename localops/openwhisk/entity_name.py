"""The names that packages and actions may have. Source: apache/openwhisk EntityPath.scala, Entities.scala."""

from __future__ import annotations

import re

from localops.errors import RequestError

_LONGEST = 256
_NAME = re.compile(r"\w|\w[\w@ .&-]*[\w@.&-]", re.ASCII)


def is_name(text: str) -> bool:
    return len(text) <= _LONGEST and _NAME.fullmatch(text) is not None


def checked_name(text: str) -> str:
    """Return the name itself.

    Raises:
        RequestError: 400, not a valid name.
    """
    if len(text) > _LONGEST:
        raise RequestError(400, f"Name segement longer than allowed: {len(text)} > {_LONGEST}.")
    if not is_name(text):
        raise RequestError(400, "The name of the entity contains illegal characters.")
    return text
