"""A scripted Ollama for tests, on a real socket.

    with ScriptedOllama("Rome.") as ollama:                # or a Script, an Answer, a function of the prompt
        ... ollama.host, ollama.url ...
        assert ollama.requests[0].wait_closed(1)

The `ollama` fixture is one that knows a few answers; `ollama.say(...)` gives it others. Scripts, schedules
and faults are those of `tests/scripted`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scripted.faults import (
    End,
    Fails,
    Fin,
    Insert,
    RepeatEnd,
    Reset,
    Slice,
    Stall,
    Status,
    error_line,
)
from tests.scripted.recording import RecordedRequest
from tests.scripted.script import Answer, Answerer, Schedule, Script
from tests.scripted.server import ScriptedServer

__all__ = [
    "MODELS",
    "Answer",
    "End",
    "Fails",
    "Fin",
    "Insert",
    "RecordedRequest",
    "RepeatEnd",
    "Reset",
    "Schedule",
    "Script",
    "ScriptedOllama",
    "Slice",
    "Stall",
    "Status",
    "error_line",
    "know_a_little",
    "ollama",
]

MODELS = ("llama3.1:8b", "deepseek-r1:32b")
"""The models that the chat actions ask for; of these, as in life, only the second one thinks."""


class ScriptedOllama(ScriptedServer):
    """A scripted Ollama from `with` to the end of the block.

    Args:
        script: a whole script, or one answer to every question.
        refuse: hold the port without listening on it, so that every connection is refused.
    """

    def __init__(self, script: Script | Answerer | None = None, *, refuse: bool = False) -> None:
        whole = script if isinstance(script, Script) else _usual_script(script or know_a_little)
        super().__init__(whole, refuse=refuse)


def _usual_script(answer: Answerer) -> Script:
    return Script(answer, models=MODELS, thinkers=MODELS[1:])


def know_a_little(prompt: str) -> str:
    """Answer the few questions that tests ask."""
    asked = prompt.casefold()
    if "capital of italy" in asked:
        return "The capital of Italy is Rome."
    if "who are you" in asked:
        return "I am a scripted model."
    return f"You said: {prompt}"


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    """Start a scripted Ollama that knows a few answers."""
    with ScriptedOllama() as server:
        yield server
