"""Read arguments that a form may have sent, where everything is text."""

import json
from collections.abc import Mapping
from typing import Any

_WORDS_FOR_NO = ("", "0", "false", "no", "off", "null")


def is_asked_for(args: Mapping[str, Any], name: str) -> bool:
    """Return whether a client wants what the argument names: true, or a text such as `true` or `1`."""
    value = args.get(name)
    return value.strip().lower() not in _WORDS_FOR_NO if isinstance(value, str) else bool(value)


def text(args: Mapping[str, Any], name: str) -> str:
    """Return an argument that is a text; "" for anything else."""
    value = args.get(name)
    return value if isinstance(value, str) else ""


def structure(args: Mapping[str, Any], name: str) -> Any:
    """Return a list or an object, also when it comes as JSON text; None when it is missing or empty.

    Text that is not JSON is returned as it is: whoever wants a structure says what it must be.
    """
    value = args.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError):
        return value
