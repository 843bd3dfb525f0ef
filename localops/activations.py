"""The activations of this run, newest last, and the console's view of them."""

from __future__ import annotations

import logging
from collections import deque

from localops.entities import Activation, LogLine

KEPT = 1000

log = logging.getLogger("localops.activations")


class Activations:
    """Remembers the last KEPT activations and tells the console about each."""

    def __init__(self) -> None:
        self.recent: deque[Activation] = deque(maxlen=KEPT)

    def begin(self, activation: Activation) -> None:
        self.recent.append(activation)

    def add_line(self, activation: Activation, line: LogLine) -> None:
        activation.logs.append(line)
        log.info("%s | %s", activation.action.path, line.text)

    def end(self, activation: Activation) -> None:
        """Say how it ended; a failure says why."""
        cold = "" if activation.cold_ms is None else f" (started in {activation.cold_ms} ms)"
        line = f"{activation.action.path} {activation.status} in {activation.duration_ms} ms{cold}"
        if activation.status == "success":
            log.info(line)
        else:
            log.warning("%s: %s", line, activation.result.get("error"))
