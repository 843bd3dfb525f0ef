"""Read query parameters of the REST API as OpenWhisk does, and refuse them with its messages.

Source: apache/openwhisk RestAPIs.scala, Activations.scala, Actions.scala; pekko-http RejectionHandler.scala.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from localops.errors import RequestError

_DEFAULT_LIMIT = 30
_MAX_LISTED = 200
_MAX_WAIT_MS = 60_000
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_TRUE_WORDS = ("true", "yes", "on", "1")
_FALSE_WORDS = ("false", "no", "off", "0")


def malformed(name: str, reason: str) -> RequestError:
    return RequestError(400, f"The query parameter '{name}' was malformed:\n{reason}")


def flag(request: Request, name: str, default: bool = False) -> bool:
    text = request.query_params.get(name, "").lower()
    if text in _TRUE_WORDS:
        return True
    if text and text not in _FALSE_WORDS:
        raise malformed(name, f"'{text}' is not a valid Boolean value")
    return default if not text else False


@dataclass(frozen=True)
class _Page:
    """The part of a list that is asked for.

    Attributes:
        count: only the number of entries is.
    """

    skip: int
    limit: int
    count: bool


def page(request: Request, collection: str) -> _Page:
    """Return what `limit`, `skip` and `count` ask for."""
    skip = _whole_number(request, "skip", 0, collection)
    if skip < 0:
        raise malformed("skip", f"The value '{skip}' is not greater than or equal to 0 for {collection}.")
    limit = _whole_number(request, "limit", _DEFAULT_LIMIT, collection)
    if not 0 <= limit <= _MAX_LISTED:
        text = f"The value '{limit}' is not in the range of 0 to {_MAX_LISTED} for {collection}."
        raise malformed("limit", text)
    return _Page(skip, limit or _MAX_LISTED, flag(request, "count"))


def _whole_number(request: Request, name: str, default: int, collection: str) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _WHOLE_NUMBER.fullmatch(text):
        raise malformed(name, f"The value '{text}' is not an integer for {collection}.")
    return int(text)


def moment(request: Request, name: str) -> int | None:
    """Return a time in milliseconds since the epoch; None when it is not named."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not _WHOLE_NUMBER.fullmatch(text):
        raise malformed(name, f"Parameter is not a valid value for epoch seconds: {text}")
    return int(text)


def wait_s(request: Request) -> float:
    """Return how long a blocking call waits for its result."""
    text = request.query_params.get("timeout", str(_MAX_WAIT_MS))
    if not _WHOLE_NUMBER.fullmatch(text) or not 0 < int(text) <= _MAX_WAIT_MS:
        raise malformed("timeout", f"Timeout must be number of milliseconds up to {_MAX_WAIT_MS}.")
    return int(text) / 1000
