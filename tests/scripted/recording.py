"""The record that a scripted server keeps of a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RecordedRequest:
    """One request. Times are of `time.monotonic()`, in seconds.

    Attributes:
        headers: names in lower case.
        body: the parsed JSON; None when there was none or it could not be parsed.
        arrived_s: when its headers had come.
        answered_s: when the last byte of the answer was handed to the system; None when it never was.
        closed_s: when the client ended the connection; None when it did not, or the server did.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = None
    arrived_s: float = field(default_factory=time.monotonic)
    answered_s: float | None = None
    closed_s: float | None = None
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)

    def note_closed(self) -> None:
        """Remember that the client ended the connection now."""
        self.closed_s = time.monotonic()
        self._closed.set()

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until the client has ended the connection; False when it does not in time."""
        return self._closed.wait(timeout_s)
