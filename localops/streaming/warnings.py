"""Warn of what production would have done to a stream, once for each action and rule."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from localops.openwhisk.entities import Activation
from localops.streaming.rules import Rule

_log = logging.getLogger("localops.stream")


@dataclass(frozen=True)
class StreamWarning:
    """A rule that a version of an action broke, and the activation in which it was seen first."""

    rule: Rule
    action: str
    version: str
    activation_id: str
    time_s: float

    @property
    def sentence(self) -> str:
        return self.rule.sentence(self.action)


class StreamWarnings:
    """All warnings of this run. An action that was edited is checked anew."""

    def __init__(self) -> None:
        self.by_action: dict[tuple[str, str], StreamWarning] = {}

    def add(self, activation: Activation, rules: Iterable[Rule]) -> None:
        """Take note of rules that an activation broke; the console hears of the new ones."""
        action = activation.action
        for rule in rules:
            known = self.by_action.get((action.path, rule.name))
            if known is None or known.version != action.version:
                warning = StreamWarning(rule, action.path, action.version, activation.id, time.time())
                self.by_action[action.path, rule.name] = warning
                _log.warning(warning.sentence)
