"""JSON for the inspector, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from localops.access.masking import Masking
from localops.openwhisk.entities import Action, Activation
from localops.project.scan import files
from localops.reading import regular_file
from localops.streaming.recording import StreamMessage, StreamRecording
from localops.streaming.warnings import StreamWarning

# An action that streams has to read one of these.
_STREAM_ADDRESS = (b"STREAM_HOST", b"STREAM_PORT")
_MAX_TEXT = 2000
_MAX_LINES = 1000


def summary(activation: Activation, recording: StreamRecording | None) -> dict[str, Any]:
    """Return an activation as it stands in a list. Times are milliseconds, `start` since 1970."""
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
    """Return an activation with everything that is known about it.

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
            for name, value in sorted(activation.arguments.items(), key=_is_context)
        ],
        "log": [
            {
                "at": round(line.time_s * 1000) - activation.start_ms,
                "stream": line.stream,
                "text": known.text(line.text),
            }
            for line in activation.logs[-_MAX_LINES:]
        ],
        "result": known.value(activation.result),
        "stream": recording and _stream(recording, known),
        "warnings": _sentences(activation, recording.broken if recording else [], warnings),
    }


def _is_context(argument: tuple[str, object]) -> bool:
    """Return whether an argument is about the call rather than the question: these stand last."""
    return argument[0].startswith("__ow_") or argument[0].encode() in _STREAM_ADDRESS


def _sentences(
    activation: Activation, rules: Iterable[str], warnings: Mapping[tuple[str, str], StreamWarning]
) -> list[str]:
    found = [warnings.get((activation.action.path, rule)) for rule in rules]
    return [each.sentence for each in found if each is not None]


def masking_of(activation: Activation, masking: Masking) -> Masking:
    """Return a masking that also knows the secrets which this activation alone was given, or gave."""
    known = masking.knowing(activation.action.parameters).knowing(activation.arguments)
    return known.knowing(activation.result)


def _stream(recording: StreamRecording, masking: Masking) -> dict[str, Any]:
    return {
        "count": recording.count,
        "bytes": recording.size,
        "reads": recording.reads,
        "unexamined": recording.unexamined_bytes,
        "ended": None if recording.ended_s is None else _milliseconds(recording.ended_s),
        "messages": [_message(each, masking) for each in recording.messages],
    }


def _message(each: StreamMessage, masking: Masking) -> dict[str, Any]:
    """Return a message; `cuts` and `together` as in StreamMessage."""
    return {
        "at": _milliseconds(each.at_s),
        "size": len(each.data),
        "cuts": each.cuts,
        "together": each.together,
        "isObject": each.is_object,
        "text": _shortened(masking.text(each.data.decode(errors="replace"))),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def action_summary(action: Action, url: str) -> dict[str, Any]:
    """Return an action and its addresses.

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
        "canStream": _can_stream(action),
    }


def _can_stream(action: Action) -> bool:
    """Return whether the action's sources name what only a stream has."""
    sources = [_content(file) for file in files(action.code) if file.suffix == ".py"]
    return any(name in source for source in sources for name in _STREAM_ADDRESS)


def _content(file: Path) -> bytes:
    """Return what is in a file; nothing of one that cannot be read any more."""
    try:
        return regular_file.read_bytes(file)
    except OSError:
        return b""
