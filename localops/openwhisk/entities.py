"""OpenWhisk's entities as this process knows them: packages, actions, and what became of activations."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Status = Literal["success", "application error", "action developer error", "whisk internal error"]
Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True)
class Limits:
    """The resources that an action may use. Defaults: OpenWhisk's."""

    timeout_ms: int = 60_000
    memory_mb: int = 256
    logs_mb: int = 10

    def as_json(self) -> dict[str, int]:
        return {"timeout": self.timeout_ms, "memory": self.memory_mb, "logs": self.logs_mb, "concurrency": 1}


@dataclass(frozen=True)
class Code:
    """An action's code on disk.

    Attributes:
        main_file: holds the entry function.
        folder: the action's own folder; None for a single file, which is alone wherever it runs.
        function: name of the entry function.
        virtualenv: packages that came with the action; its `bin/activate_this.py` makes them importable.
        upload: what was uploaded in base64, decoded; None for source text and for code of the project.
    """

    main_file: Path
    folder: Path | None = None
    function: str = "main"
    virtualenv: Path | None = None
    upload: Path | None = None

    @property
    def binary(self) -> bool:
        """Return whether it travels as base64 rather than as source text."""
        return self.folder is not None or self.upload is not None


@dataclass(frozen=True)
class Package:
    """A package: what its actions share.

    Attributes:
        parameters: every action of the package gets them, below its own.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    publish: bool = False
    version: str = "0.0.1"
    updated_ms: int = 0


@dataclass(frozen=True)
class Action:
    """A deployed action.

    Attributes:
        package: "" when it is in none; web addresses then say `default`.
        image: the container image that was asked for, which localops does not use; "" for none.
        parameters: its own; with those of its package below them where it was looked up to be called.
        annotations: as deployed; `web-export`, `final`, `raw-http`, `provide-api-key` and `index` matter.
        updated_ms: when it was deployed; no two deployments have the same.
    """

    package: str
    name: str
    kind: str
    code: Code
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limits: Limits = Limits()
    publish: bool = False
    image: str = ""
    version: str = "0.0.1"
    updated_ms: int = 0

    @property
    def path(self) -> str:
        """`package/name`, as people write it."""
        return action_path(self.package, self.name)

    @property
    def revision(self) -> tuple[str, str]:
        """The deployment of the action that a process can run, and no other.

        The version alone is not enough: it starts again when an action is deleted and created anew.
        """
        return self.path, f"{self.version} {self.updated_ms}"

    def is_web(self) -> bool:
        return self.annotations.get("web-export") is True

    def is_raw(self) -> bool:
        return self.annotations.get("raw-http") is True

    def is_given_api_key(self) -> bool:
        """Return whether it runs with the caller's key. Source: ContainerProxy.scala, isTruthy."""
        given = self.annotations.get("provide-api-key", True)
        return bool(given) or given in ({}, [])


def action_path(package: str, name: str) -> str:
    return f"{package}/{name}" if package else name


@dataclass(frozen=True)
class LogLine:
    """A line that an action printed."""

    time_s: float
    stream: Stream
    text: str

    def as_whisk(self) -> str:
        """Return the form in activation records: timestamp of 30 characters, stream, text."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.time_s))
        return f"{seconds}.{int(self.time_s % 1 * 1e9):09d}Z {self.stream}: {self.text}"


@dataclass
class Activation:
    """One invocation and what became of it.

    Attributes:
        arguments: what the entry function was called with; secrets among them.
        result: the JSON value that the action returned, or `{"error": ...}`.
        cold_ms: how long the process took to start and load the code; None when it was warm.
        waited_ms: how long it waited for a process to become free or to be started.
        process_ended: the process that ran it did not outlive it, as it does after an ordinary failure.
        result_bytes: how large the result is as JSON; 0 until it ended.
    """

    action: Action
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    start_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    end_ms: int | None = None
    status: Status = "success"
    result: Any = None
    logs: list[LogLine] = field(default_factory=list[LogLine])
    cold_ms: int | None = None
    waited_ms: int = 0
    timed_out: bool = False
    process_ended: bool = False
    result_bytes: int = 0

    @property
    def duration_ms(self) -> int:
        return (self.end_ms or int(time.time() * 1000)) - self.start_ms

    def finish(self, status: Status, result: Any) -> None:
        self.status = status
        self.result = result
        self.end_ms = int(time.time() * 1000)
