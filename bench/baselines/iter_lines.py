"""An action that only reads the model's lines with `requests`: what any action costs that uses it."""

from __future__ import annotations

import time
from typing import Any

import requests

MODEL = "llama3.1:8b"
TIMEOUT_S = 60


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Ask as `chat/stateless` does; tell how many lines came, and the first one when (`time.monotonic`)."""
    asked = {"model": MODEL, "prompt": args["input"], "stream": True}
    url = f"http://{args['OLLAMA_HOST']}/api/generate"
    with requests.post(url, json=asked, stream=True, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        lines = response.iter_lines()
        next(lines)
        first_s = time.monotonic()
        return {"lines": 1 + sum(1 for _ in lines), "first_s": first_s}
