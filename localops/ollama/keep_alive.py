"""Read `keep_alive`, the time that a model stays loaded, as Ollama reads it.

Source: ollama api/types.go:1243-1270; Go time.ParseDuration.
"""

from __future__ import annotations

import math
import re
from typing import Any

from localops.ollama.errors import BadRequest, quoted
from localops.ollama.godecode import kind

DEFAULT_S = 300.0
_FOREVER_S = math.inf
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TERM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_TERMS = re.compile(f"(?:{_TERM.pattern})+", re.ASCII)
_MAX_S = 2**63 / 1e9  # a Duration of Go holds no more


def seconds(value: Any, default_s: float = DEFAULT_S) -> float:
    """Read a number of seconds or a Go duration such as `5m` or `1h30m`; negative means for ever.

    Raises:
        BadRequest: with Go's text.
    """
    if value is None:
        return default_s
    if isinstance(value, str):
        read = _duration(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        read = float(value)
        read = _FOREVER_S if read > _MAX_S else read
    else:
        raise BadRequest(f"Unsupported type: '{kind(value)}'")
    return _FOREVER_S if read < 0 else read


def _duration(text: str) -> float:
    unsigned = text.lstrip("+-") if len(text) - len(text.lstrip("+-")) <= 1 else ""
    if unsigned != "0" and not _TERMS.fullmatch(unsigned):
        missing = re.fullmatch(r"[\d.]+", unsigned, re.ASCII) is not None
        raise BadRequest(f"time: {'missing unit in' if missing else 'invalid'} duration {quoted(text)}")
    total_s = sum(float(number) * _UNITS_S[unit] for number, unit in _TERM.findall(unsigned))
    if total_s > _MAX_S:
        raise BadRequest(f"time: invalid duration {quoted(text)}")
    return -total_s if text.startswith("-") else total_s
