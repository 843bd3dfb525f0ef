"""Tell what an error of a server that speaks OpenAI's protocol means.

Source: OpenAI's guide to error codes, and what Azure, Foundry Local, llama.cpp, OpenRouter and DeepSeek send.
"""

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, NamedTuple, cast

from ..errors import Kind
from ..failures import KINDS, shown

# Whoever is to wait longer than this for a quota has to find another way.
MAX_WAIT_S = 300
_CONTEXT = re.compile(
    r"maximum context length|context (size|window|length)|prompt is too long", re.IGNORECASE
)
_MISSING = re.compile(r"model not (found|loaded|cached)|no model matching|unknown model", re.IGNORECASE)
_UNKNOWN_MEMBER = re.compile(
    r"""un(?:recognized|supported|known)(?: \w+){1,3}(?::|:? ["'])\s*["']?(\w+)""", re.I
)
_CODES: dict[str, Kind] = {
    "context_length_exceeded": "context",
    "exceed_context_size_error": "context",
    "content_filter": "filter",
    "responsibleaipolicyviolation": "filter",
    "model_not_found": "missing",
    "deploymentnotfound": "missing",
    "insufficient_quota": "busy",
    "rate_limit_exceeded": "busy",
    "invalid_api_key": "key",
    "authentication_error": "key",
}


class Told(NamedTuple):
    """What a server told of an error.

    Attributes:
        message: in its own words; secrets may be in it.
        code: its `code`, else its `type`, in lower case.
        member: the member of the request that it does not take, if it is only that.
        used_up: whether a quota is used up, which waiting does not mend.
    """

    kind: Kind
    message: str = ""
    code: str = ""
    member: str = ""
    used_up: bool = False
    retry_after_s: float | None = None


def told(status: int, headers: Mapping[str, str], body: bytes) -> Told:
    """Read an answer with a status other than 200."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    members = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    found = in_event(members.get("error") or members.get("detail") or members, KINDS.get(status, "down"))
    wait_s = _retry_after_s(headers)
    return Told(
        found.kind,
        found.message,
        found.code,
        found.member,
        found.used_up or status == 402 or (found.kind == "busy" and (wait_s or 0) > MAX_WAIT_S),
        wait_s,
    )


def in_event(error: Any, kind: Kind = "down") -> Told:
    """Read the `error` of an event, or of a body: an object or a text.

    Args:
        kind: what it is if its own words do not tell.
    """
    fields = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
    said: object = fields.get("message", "") if fields else cast("object", error)
    message = shown(said) if isinstance(said, str) else ""
    words = [str(fields[name]).lower() for name in ("code", "type") if fields.get(name)]
    inner = fields.get("innererror") or fields.get("inner_error")
    if isinstance(inner, dict):
        words.append(str(cast("dict[str, Any]", inner).get("code", "")).lower())
    known: list[Kind] = [_CODES[word] for word in words if word in _CODES]
    if _CONTEXT.search(message):
        known.insert(0, "context")
    elif _MISSING.search(message):
        known.append("missing")
    code = words[0] if words else ""
    used_up = "insufficient_quota" in words
    return Told(known[0] if known else kind, message, code, _member(fields, code, message), used_up)


def _member(fields: dict[str, Any], code: str, message: str) -> str:
    param = fields.get("param")
    if code in ("unsupported_parameter", "unsupported_value") and isinstance(param, str):
        return param.partition(".")[0]
    found = _UNKNOWN_MEMBER.search(message)
    return found[1] if found else ""


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that `retry-after-ms` or `retry-after`, in seconds or as a date, asks for."""
    try:
        if text := headers.get("retry-after-ms"):
            return max(0.0, float(text) / 1000)
        text = headers.get("retry-after")
        if not text:
            return None
        return max(0.0, float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, OverflowError):
        return None
