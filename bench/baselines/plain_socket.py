"""An action that reads the model's first line from a bare socket: as early as any code can have it."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

_MODEL = "llama3.1:8b"
_TIMEOUT_S = 60
_READ_BYTES = 65536


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Ask as `chat/stateless` does, and tell when the first line was there (`time.monotonic`)."""
    host, _, port = args["OLLAMA_HOST"].rpartition(":")
    body = json.dumps({"model": _MODEL, "prompt": args["input"], "stream": True}).encode()
    head = f"POST /api/generate HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), _TIMEOUT_S) as connection:
        connection.sendall(head.encode() + body)
        data = b""
        while b'"response"' not in data:
            data += connection.recv(_READ_BYTES)
        return {"first_s": time.monotonic()}
