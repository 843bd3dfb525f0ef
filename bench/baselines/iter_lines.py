"""An action that only reads the model's lines with `requests`: what any action costs that uses it."""

from __future__ import annotations

import time
from typing import Any

import requests

_MODEL = "llama3.1:8b"
_TIMEOUT_S = 60


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Ask as `chat/stateless` does; return how many lines came, and when the first (`time.monotonic`)."""
    asked = {"model": _MODEL, "prompt": args["input"], "stream": True}
    url = f"http://{args['OLLAMA_HOST']}/api/generate"
    with requests.post(url, json=asked, stream=True, timeout=_TIMEOUT_S) as response:
        response.raise_for_status()
        lines = response.iter_lines()
        next(lines)
        first_s = time.monotonic()
        return {"lines": 1 + sum(1 for _ in lines), "first_s": first_s}
