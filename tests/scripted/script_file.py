"""A script from a JSON file, for a scripted server in a process of its own.

    {"models": ["llama3.1:8b"],
     "answers": ["Rome.", {"text": "cut off", "schedule": {"tokens_per_s": 50},
                           "faults": [{"fault": "Reset", "after": 1}]}]}

Members are those of `Script`, `Answer`, `Schedule` and of the faults, each named by its class.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from localops.ollama.errors import StartFailure

from .faults import Fault
from .script import Answer, Schedule, Script

_FAULTS = {kind.__name__: kind for kind in get_args(Fault)}


def read_script(file: Path) -> Script:
    """Read a script.

    Raises:
        StartFailure: no such file, or not a script; the text says what is wrong.
    """
    try:
        members: dict[str, Any] = json.loads(file.read_bytes())
        answers = [_answer(answer) for answer in members.pop("answers")]
        return Script(*answers, **members)
    except OSError as error:
        raise StartFailure(f"cannot read the script {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StartFailure(f"{file} is not a script: {error}; see tests/scripted/script_file.py") from error


def _answer(value: str | dict[str, Any]) -> str | Answer:
    if isinstance(value, str):
        return value
    members = dict(value)
    schedule = Schedule(**members.pop("schedule", {}))
    faults = [_fault(dict(fault)) for fault in members.pop("faults", [])]
    return Answer(**members, schedule=schedule, faults=faults)


def _fault(members: dict[str, Any]) -> Fault:
    kind = _FAULTS[members.pop("fault")]
    if "data" in members:
        members["data"] = members["data"].encode()
    return kind(**members)
