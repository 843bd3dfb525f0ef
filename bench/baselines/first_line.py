"""An action that connects to its reader, asks the model, and passes the first line on: the least there is."""
# --web true

from __future__ import annotations

import json
import socket
from typing import Any

_TIMEOUT_S = 60
_READ_BYTES = 65536


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Stream the first line of the model at `model_host`."""
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), _TIMEOUT_S) as relay:
        relay.sendall(json.dumps({"output": _first_line(args)}).encode())
    return {"body": {"output": "", "streaming": True}}


def _first_line(args: dict[str, Any]) -> str:
    host, _, port = args["model_host"].rpartition(":")
    body = json.dumps({"model": args["model"], "prompt": args["prompt"], "stream": True}).encode()
    head = f"POST /api/generate HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), _TIMEOUT_S) as connection:
        connection.sendall(head.encode() + body)
        data = b""
        while b'"response"' not in data:
            data += connection.recv(_READ_BYTES)
    return data.partition(b"\r\n\r\n")[2].decode()
