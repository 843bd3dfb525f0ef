"""Changes since the last look, for pages and commands that follow along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localops.access.masking import Masking
from localops.deployment.from_disk import Deployment
from localops.inspector import inspection
from localops.openwhisk.entities import Activation
from localops.streaming.session import Streams

_MAX_LISTED = 200


class Activity:
    """The changes of the inspector's list, as one page sees them.

    Args:
        masking: applied to the sentences, which may quote a value.
    """

    def __init__(self, deployment: Deployment, streams: Streams, masking: Masking) -> None:
        self._deployment = deployment
        self._streams = streams
        self._masking = masking
        self._told: dict[str, dict[str, Any]] = {}
        self._told_notices: dict[str, Any] = {}

    def news(self) -> dict[str, Any]:
        """Return the activations that are new or changed and, when a notice changed, all notices."""
        latest = sorted(self._deployment.runner.activations.recent, key=lambda each: each.start_ms)
        now = {each.id: self._summary(each) for each in latest[-_MAX_LISTED:]}
        changed = [each for each in now.values() if self._told.get(each["id"]) != each]
        self._told = now
        notices = self._notices()
        is_news, self._told_notices = notices != self._told_notices, notices
        return {**({"activations": changed} if changed else {}), **(notices if is_news else {})}

    def _summary(self, activation: Activation) -> dict[str, Any]:
        return inspection.summary(activation, self._streams.recordings.get(activation.id))

    def _notices(self) -> dict[str, Any]:
        """Return what a person should know of the project: problems of deploying, and broken rules."""
        text = self._masking.text
        problems = [*self._deployment.problems, *self._deployment.syntax_problems.values()]
        actions = self._deployment.registry.actions
        warnings = [
            {"action": each.action, "activation": each.activation_id, "text": text(each.sentence)}
            for each in self._streams.warnings.by_action.values()
            if each.action in actions and actions[each.action].version == each.version
        ]
        return {"problems": [text(problem) for problem in problems], "warnings": warnings}


class LogFollower:
    """The log lines of all activations in the order of time, each once.

    Args:
        action: only of this one; None for all.
    """

    def __init__(self, deployment: Deployment, masking: Masking, action: str | None) -> None:
        self._activations = deployment.runner.activations
        self._masking = masking
        self._action = action
        self._told_lines: dict[str, int] = {}
        self._told_ends: set[str] = set()

    def news(self) -> list[dict[str, Any]]:
        """Return what was logged since the last call; `end` is how a call ended. Times in milliseconds."""
        watched = [each for each in self._activations.recent if self._action in (None, each.action.path)]
        found = [event for activation in watched for event in self._events(activation)]
        known = {activation.id for activation in watched}
        self._told_ends &= known
        self._told_lines = {id: count for id, count in self._told_lines.items() if id in known}
        return sorted(found, key=lambda event: event["time"])

    def _events(self, activation: Activation) -> Iterator[dict[str, Any]]:
        told = self._told_lines.get(activation.id, 0)
        self._told_lines[activation.id] = len(activation.logs)
        has_ended = activation.end_ms is not None and activation.id not in self._told_ends
        if told == len(activation.logs) and not has_ended:
            return
        masking = inspection.masking_of(activation, self._masking)
        about = {"action": activation.action.path, "activation": activation.id}
        for line in activation.logs[told:]:
            time_ms = round(line.time_s * 1000)
            yield {**about, "time": time_ms, "stream": line.stream, "text": masking.text(line.text)}
        if has_ended:
            self._told_ends.add(activation.id)
            yield {
                **about,
                "time": activation.end_ms,
                "end": activation.status,
                "duration": activation.duration_ms,
            }
