"""An action that writes mixed Markdown at a steady pace, with marks by which a reader knows how far it is."""
# --web true
# --timeout 300000

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

MARK_EVERY = 1000
MIXED = """## Heading {n}

A paragraph of **some** words with `code` in it and a [link](https://example.org/{n}), long enough to fill a
few lines on the page, as models like to write when nobody asks them to be brief.

- first item of the list
- second item with *emphasis*
  - nested item

```python
def function_{n}(x):
    return x + {n}  # a comment
```

| a | b | c |
|---|---|---|
| 1 | 2 | 3 |

"""


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Stream as many tokens at as many in a second as the message says: `50000 300`."""
    if "STREAM_HOST" in args:
        count, rate = map(int, str(args["input"]).split())
        with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"])), 60) as relay:
            due_s = time.monotonic()
            for token in tokens(count):
                due_s += 1 / rate
                time.sleep(max(0.0, due_s - time.monotonic()))
                relay.sendall(json.dumps({"output": token}).encode())
    return {"body": {"output": "Say how many tokens, and how many in a second.", "streaming": True}}


def tokens(count: int) -> Iterator[str]:
    """Yield so many tokens; with each last one of a thousand comes a mark: ` mark1000; `, ` mark2000; ` …"""
    section = number = 0
    while number < count:
        section += 1
        for token in re.findall(r"\s*\S{1,6}\s?", MIXED.format(n=section))[: count - number]:
            number += 1
            yield f"{token} mark{number}; " if number % MARK_EVERY == 0 else token
