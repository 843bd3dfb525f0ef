"""What happened since one looked last: for pages and commands that follow along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localops.access.masking import Masking
from localops.deployment.from_disk import Deployment
from localops.inspector import inspection
from localops.openwhisk.entities import Activation
from localops.streaming.session import Streams

MOST_LISTED = 200


class Activity:
    """What the inspector's list shows, told in changes; one for each page that looks.

    Args:
        masking: applied to the sentences, which may quote a value.
    """

    def __init__(self, deployment: Deployment, streams: Streams, masking: Masking) -> None:
        self.deployment = deployment
        self.streams = streams
        self.masking = masking
        self.told: dict[str, dict[str, Any]] = {}
        self.told_notices: dict[str, Any] = {}

    def news(self) -> dict[str, Any]:
        """The activations that are new or changed and, when one of them changed, all notices."""
        latest = sorted(self.deployment.runner.activations.recent, key=lambda each: each.start_ms)
        now = {each.id: self.summary(each) for each in latest[-MOST_LISTED:]}
        changed = [each for each in now.values() if self.told.get(each["id"]) != each]
        self.told = now
        notices = self.notices()
        is_news, self.told_notices = notices != self.told_notices, notices
        return {**({"activations": changed} if changed else {}), **(notices if is_news else {})}

    def summary(self, activation: Activation) -> dict[str, Any]:
        return inspection.summary(activation, self.streams.recordings.get(activation.id))

    def notices(self) -> dict[str, Any]:
        """What a person should know of the project: problems of deploying, and broken rules."""
        text = self.masking.text
        problems = [*self.deployment.problems, *self.deployment.syntax_problems.values()]
        actions = self.deployment.registry.actions
        warnings = [
            {"action": each.action, "activation": each.activation_id, "text": text(each.sentence)}
            for each in self.streams.warnings.by_action.values()
            if each.action in actions and actions[each.action].version == each.version
        ]
        return {"problems": [text(problem) for problem in problems], "warnings": warnings}


class LogFollower:
    """The log lines of all activations in the order of time, each once.

    Args:
        action: only of this one; None for all.
    """

    def __init__(self, deployment: Deployment, masking: Masking, action: str | None) -> None:
        self.activations = deployment.runner.activations
        self.masking = masking
        self.action = action
        self.told_lines: dict[str, int] = {}
        self.told_ends: set[str] = set()

    def news(self) -> list[dict[str, Any]]:
        """What was logged since the last call; `end` says how an activation ended. Times in milliseconds."""
        watched = [each for each in self.activations.recent if self.action in (None, each.action.path)]
        found = [event for activation in watched for event in self.events(activation)]
        known = {activation.id for activation in watched}
        self.told_ends &= known
        self.told_lines = {id: count for id, count in self.told_lines.items() if id in known}
        return sorted(found, key=lambda event: event["time"])

    def events(self, activation: Activation) -> Iterator[dict[str, Any]]:
        told = self.told_lines.get(activation.id, 0)
        self.told_lines[activation.id] = len(activation.logs)
        has_ended = activation.end_ms is not None and activation.id not in self.told_ends
        if told == len(activation.logs) and not has_ended:
            return
        masking = inspection.masking_of(activation, self.masking)
        about = {"action": activation.action.path, "activation": activation.id}
        for line in activation.logs[told:]:
            time_ms = round(line.time_s * 1000)
            yield {**about, "time": time_ms, "stream": line.stream, "text": masking.text(line.text)}
        if has_ended:
            self.told_ends.add(activation.id)
            yield {
                **about,
                "time": activation.end_ms,
                "end": activation.status,
                "duration": activation.duration_ms,
            }
