"""What the inspector shows, as JSON: nothing in it is a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localops.access.masking import Masking
from localops.openwhisk.entities import Action, Activation
from localops.project.scan import files
from localops.streaming.recording import StreamMessage, StreamRecording
from localops.streaming.warnings import StreamWarning

# Whoever wants to stream has to read one of these.
STREAM_ADDRESS = (b"STREAM_HOST", b"STREAM_PORT")
MOST_TEXT = 2000
MOST_LINES = 1000


def summary(activation: Activation, recording: StreamRecording | None) -> dict[str, Any]:
    """An activation as it stands in a list. Times are milliseconds, `start` since 1970."""
    running = activation.end_ms is None
    return {
        "id": activation.id,
        "action": activation.action.path,
        "version": activation.action.version,
        "start": activation.start_ms,
        "duration": None if running else activation.duration_ms,
        "status": "running" if running else activation.status,
        "coldStart": activation.cold_ms,
        "lines": len(activation.logs),
        "messages": recording.count if recording else None,
    }


def detail(
    activation: Activation,
    recording: StreamRecording | None,
    warnings: Mapping[tuple[str, str], StreamWarning],
    masking: Masking,
    origins: Mapping[str, str],
) -> dict[str, Any]:
    """An activation with all that there is about it.

    Args:
        warnings: all there are, by action and rule.
        origins: by argument, where its value came from.
    """
    known = masking_of(activation, masking)
    return {
        **summary(activation, recording),
        "timedOut": activation.timed_out,
        "timeLimit": activation.action.limits.timeout_ms,
        "arguments": [
            {"name": known.text(name), "value": known.value(value, name), "origin": origins.get(name, "")}
            for name, value in sorted(activation.arguments.items(), key=is_context)
        ],
        "log": [
            {
                "at": round(line.time_s * 1000) - activation.start_ms,
                "stream": line.stream,
                "text": known.text(line.text),
            }
            for line in activation.logs[-MOST_LINES:]
        ],
        "result": known.value(activation.result),
        "stream": recording and stream(recording, known),
        "warnings": sentences(activation, recording.broken if recording else [], warnings),
    }


def is_context(argument: tuple[str, object]) -> bool:
    """Whether an argument tells of the call rather than of what was asked: these stand last."""
    return argument[0].startswith("__ow_") or argument[0].encode() in STREAM_ADDRESS


def sentences(
    activation: Activation, rules: Iterable[str], warnings: Mapping[tuple[str, str], StreamWarning]
) -> list[str]:
    found = [warnings.get((activation.action.path, rule)) for rule in rules]
    return [each.sentence for each in found if each is not None]


def masking_of(activation: Activation, masking: Masking) -> Masking:
    """The masking that also knows the secrets which this activation alone was given, or gave."""
    known = masking.knowing(activation.action.parameters).knowing(activation.arguments)
    return known.knowing(activation.result)


def stream(recording: StreamRecording, masking: Masking) -> dict[str, Any]:
    return {
        "count": recording.count,
        "bytes": recording.size,
        "reads": recording.reads,
        "unexamined": recording.unexamined_bytes,
        "ended": None if recording.ended_s is None else milliseconds(recording.ended_s),
        "messages": [message(each, masking) for each in recording.messages],
    }


def message(each: StreamMessage, masking: Masking) -> dict[str, Any]:
    """A message; `cuts` and `together` as in StreamMessage."""
    return {
        "at": milliseconds(each.at_s),
        "size": len(each.data),
        "cuts": each.cuts,
        "together": each.together,
        "isObject": each.is_object,
        "text": shortened(masking.text(each.data.decode(errors="replace"))),
    }


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def shortened(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


def action_summary(action: Action, url: str) -> dict[str, Any]:
    """An action and its addresses.

    Args:
        url: of this server.
    """
    package = action.package or "default"
    web = f"{url}/api/my/{package}/{action.name}" if action.is_web() else None
    streams = f"{url}/web/devel/{package}/{action.name}" if action.is_web() else None
    return {
        "path": action.path,
        "version": action.version,
        "kind": action.kind,
        "updated": action.updated_ms,
        "web": web,
        "stream": streams,
        "rest": f"{url}/api/v1/namespaces/_/actions/{action.path}",
        "canStream": can_stream(action),
    }


def can_stream(action: Action) -> bool:
    """Whether the action's sources name what only a stream has."""
    return any(
        name in file.read_bytes()
        for file in files(action.code)
        if file.suffix == ".py"
        for name in STREAM_ADDRESS
    )
