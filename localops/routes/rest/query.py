"""Query parameters of the REST API, read as OpenWhisk reads them and refused with its words.

Source: apache/openwhisk RestAPIs.scala, Activations.scala, Actions.scala; pekko-http RejectionHandler.scala.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from localops.errors import RequestError

DEFAULT_LIMIT = 30
MOST_LISTED = 200
LONGEST_WAIT_MS = 60_000
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
TRUE_WORDS = ("true", "yes", "on", "1")
FALSE_WORDS = ("false", "no", "off", "0")


def malformed(name: str, reason: str) -> RequestError:
    return RequestError(400, f"The query parameter '{name}' was malformed:\n{reason}")


def flag(request: Request, name: str, default: bool = False) -> bool:
    text = request.query_params.get(name, "").lower()
    if text in TRUE_WORDS:
        return True
    if text and text not in FALSE_WORDS:
        raise malformed(name, f"'{text}' is not a valid Boolean value")
    return default if not text else False


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for.

    Attributes:
        count: only the number of entries is.
    """

    skip: int
    limit: int
    count: bool


def page(request: Request, collection: str) -> Page:
    """What `limit`, `skip` and `count` ask for."""
    skip = whole_number(request, "skip", 0, collection)
    if skip < 0:
        raise malformed("skip", f"The value '{skip}' is not greater than or equal to 0 for {collection}.")
    limit = whole_number(request, "limit", DEFAULT_LIMIT, collection)
    if not 0 <= limit <= MOST_LISTED:
        text = f"The value '{limit}' is not in the range of 0 to {MOST_LISTED} for {collection}."
        raise malformed("limit", text)
    return Page(skip, limit or MOST_LISTED, flag(request, "count"))


def whole_number(request: Request, name: str, default: int, collection: str) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not WHOLE_NUMBER.fullmatch(text):
        raise malformed(name, f"The value '{text}' is not an integer for {collection}.")
    return int(text)


def moment(request: Request, name: str) -> int | None:
    """A time in milliseconds since the epoch; None when it is not named."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not WHOLE_NUMBER.fullmatch(text):
        raise malformed(name, f"Parameter is not a valid value for epoch seconds: {text}")
    return int(text)


def wait_s(request: Request) -> float:
    """How long a blocking call waits for its result."""
    text = request.query_params.get("timeout", str(LONGEST_WAIT_MS))
    if not WHOLE_NUMBER.fullmatch(text) or not 0 < int(text) <= LONGEST_WAIT_MS:
        raise malformed("timeout", f"Timeout must be number of milliseconds up to {LONGEST_WAIT_MS}.")
    return int(text) / 1000
