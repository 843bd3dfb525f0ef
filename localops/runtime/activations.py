"""The activations of this run: what is running, and the latest of those that ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

from localops.openwhisk.entities import Activation, LogLine

MAX_KEPT = 1000
# Counted as JSON; in memory it is several times as much.
MAX_KEPT_BYTES = 8 * 1024 * 1024
_MEGABYTE = 1024 * 1024

_log = logging.getLogger("localops.runtime.activations")


class Activations:
    """The latest activations, within bounds; each is reported on the console.

    Attributes:
        running: those that have begun and not ended, by id.
        sizes: of each that is remembered, its arguments, result and logs in bytes.
    """

    def __init__(self) -> None:
        self.running: dict[str, Activation] = {}
        self.ended: dict[str, Activation] = {}
        self._sizes: dict[str, int] = {}
        self.kept_bytes = 0

    @property
    def recent(self) -> Iterator[Activation]:
        """The activations that are remembered, then those that are running."""
        yield from self.ended.values()
        yield from self.running.values()

    def newest_first(self) -> list[Activation]:
        """Return those that ended, as OpenWhisk lists them: none is seen before its logs are complete."""
        return sorted(self.ended.values(), key=lambda activation: activation.start_ms, reverse=True)

    def begin(self, activation: Activation) -> None:
        self.running[activation.id] = activation
        self._sizes[activation.id] = 0

    def add_line(self, activation: Activation, line: LogLine) -> None:
        """Log a line. Beyond the action's limit there is only one more, which says so."""
        most = activation.action.limits.logs_mb * _MEGABYTE
        before = self._sizes[activation.id]
        if before > most:
            return
        self._sizes[activation.id] += len(line.as_whisk().encode())
        if self._sizes[activation.id] > most:
            text = f"Logs were truncated because the total bytes size exceeds the limit of {most} bytes."
            line = LogLine(line.time_s, "stderr", text)
        activation.logs.append(line)
        _log.info("%s | %s", activation.action.path, line.text)

    def end(self, activation: Activation) -> None:
        """Report how an activation ended, and remember it; the oldest ones make room."""
        del self.running[activation.id]
        activation.result_bytes = len(json.dumps(activation.result, ensure_ascii=False))
        self._sizes[activation.id] += activation.result_bytes + len(json.dumps(activation.arguments))
        self.kept_bytes += self._sizes[activation.id]
        self.ended[activation.id] = activation
        while len(self.ended) > 1 and (len(self.ended) > MAX_KEPT or self.kept_bytes > MAX_KEPT_BYTES):
            self._forget_oldest()
        cold = "" if activation.cold_ms is None else f" (started in {activation.cold_ms} ms)"
        line = f"{activation.action.path} {activation.status} in {activation.duration_ms} ms{cold}"
        if activation.status == "success":
            _log.info(line)
        else:
            _log.warning("%s: %s", line, activation.result.get("error"))

    def _forget_oldest(self) -> None:
        oldest = next(iter(self.ended))
        del self.ended[oldest]
        self.kept_bytes -= self._sizes.pop(oldest)
