"""The names that packages and actions may have. Source: apache/openwhisk EntityPath.scala, Entities.scala."""

from __future__ import annotations

import re

from localops.errors import RequestError

LONGEST = 256
NAME = re.compile(r"\w|\w[\w@ .&-]*[\w@.&-]", re.ASCII)


def is_name(text: str) -> bool:
    return len(text) <= LONGEST and NAME.fullmatch(text) is not None


def checked_name(text: str) -> str:
    """The name itself.

    Raises:
        RequestError: 400, nothing can have this name.
    """
    if len(text) > LONGEST:
        raise RequestError(400, f"Name segement longer than allowed: {len(text)} > {LONGEST}.")
    if not is_name(text):
        raise RequestError(400, "The name of the entity contains illegal characters.")
    return text
