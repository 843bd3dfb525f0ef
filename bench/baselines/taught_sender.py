"""An action that streams as it is taught: connect, one `sendall` for each token, close."""
# --web true
# --timeout 300000

from __future__ import annotations

import json
import socket
import time
from typing import Any


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Send `count` tokens, `rate` in a second or as fast as it goes, each with the time at which it left."""
    pause_s = 1 / args["rate"] if args["rate"] else 0.0
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 60) as relay:
        due_s = time.monotonic()
        for number in range(args["count"]):
            if pause_s:
                due_s += pause_s
                time.sleep(max(0.0, due_s - time.monotonic()))
            message = {"output": f"<{number:05d}>", "sent_s": time.monotonic()}
            relay.sendall(json.dumps(message).encode())
    return {"body": {"output": "", "streaming": True}}
