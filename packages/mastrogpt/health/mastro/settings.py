"""Read what the deployment set."""

import os
from collections.abc import Mapping
from typing import Any


def setting(args: Mapping[str, Any], name: str) -> str:
    """Return a setting from the arguments, else from the environment; an empty one counts as unset."""
    # `wsk` turns a parameter such as 12345 into a number, hence the str.
    return str(args.get(name) or os.environ.get(name) or "").strip("\r\n")
