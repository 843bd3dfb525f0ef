"""The script of a model: what it says, and when.

Script("Rome is the capital of Italy.")                       one answer for every request
Script("first", "second")                                     one after the other, the last for ever
Script(lambda prompt: "Rome" if "Italy" in prompt else "?")   depending on the prompt
Script(Answer("slow", schedule=Schedule(tokens_per_s=20)))    with a schedule
Script(Answer("cut", faults=(Reset(after=1),)))               with a fault
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from localops.ollama import PROTOCOL_VERSION
from localops.ollama.engine import DoneReason
from localops.ollama.model import Model

from .faults import Fault

_OLD_VERSION = "0.5.7"
"""Before `thinking`, before real status codes for early errors."""

_TOKEN = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True)
class Schedule:
    """The timing of tokens.

    Attributes:
        first_s: silence before the first token; not even headers are sent.
        tokens_per_s: None is as fast as it goes, many lines to a write.
        burst: tokens that come together, in one write; the pause after them is as long as theirs together.
        jitter: how far each burst strays from its time, in pauses: 0.5 is half a pause either way.
        seed: of the jitter.
    """

    first_s: float = 0.0
    tokens_per_s: float | None = None
    burst: int = 1
    jitter: float = 0.0
    seed: int = 0

    def due_times(self) -> Iterator[float]:
        """Yield the time of every burst, in seconds after the start, without end."""
        pause_s = self.burst / self.tokens_per_s if self.tokens_per_s else 0.0
        stray = random.Random(self.seed)
        latest_s = due_s = self.first_s
        while True:
            latest_s = max(latest_s, due_s + stray.uniform(-1, 1) * self.jitter * pause_s)
            yield latest_s
            due_s += pause_s


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        text: tokens, or a text that is cut into words.
        thinking: what comes before it, likewise.
        think_tags: put the thinking into the text between `<think>` tags, as servers before 0.9 do.
        endless: say the text again and again.
        done_reason: why it ends, unless `num_predict` or a stop text ends it earlier.
        prompt_tokens: what is counted for the prompt; None counts its words.
        faults: what goes wrong, see `faults`.
    """

    text: str | Sequence[str] = ""
    thinking: str | Sequence[str] = ""
    schedule: Schedule = Schedule()
    think_tags: bool = False
    endless: bool = False
    done_reason: DoneReason = "stop"
    prompt_tokens: int | None = None
    faults: Sequence[Fault] = ()


Answerer: TypeAlias = "str | Answer | Callable[[str], str | Answer]"


class Script:
    """A scripted model server: its answers and its models.

    Args:
        answers: for successive requests; the last one serves for all later ones. A function gets the text of
            the last user message, or the raw prompt.
        models: names to list and answer for, or whole models.
        thinkers: those of the names that think; None is all of them. The others leave `Answer.thinking` out.
        schedule: for answers that are given as plain text.
        parallel: how many requests are served at once. A real Ollama serves 1 at a time.
        version: what /api/version says.
        routes: what goes wrong on other paths, `{"/api/tags": [Status(401)]}`.
        old: behave like a server of 2024: an old version, `<think>` tags in the text, old words for a missing
            model.

    Attributes:
        answers: what is still to be said.
    """

    def __init__(
        self,
        *answers: Answerer,
        models: Sequence[str | Model] = ("scripted:latest",),
        thinkers: Sequence[str] | None = None,
        schedule: Schedule | None = None,
        parallel: int = 64,
        version: str = PROTOCOL_VERSION,
        routes: Mapping[str, Sequence[Fault]] | None = None,
        old: bool = False,
    ) -> None:
        self.models = tuple(
            _as_model(model, thinks=not old and (thinkers is None or model in thinkers)) for model in models
        )
        self.parallel = parallel
        self.version = _OLD_VERSION if old else version
        self.routes = dict(routes or {})
        self.old = old
        self.answers = list(answers) or [""]
        self._schedule = schedule or Schedule()

    def next_answer(self, prompt: str) -> Answer:
        """Take the next answer from the queue; the last one stays."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(prompt)
        return Answer(answer, schedule=self._schedule) if isinstance(answer, str) else answer


def tokens_of(text: str | Sequence[str]) -> list[str]:
    """Cut a text into words with the white space before them; a list is taken as it is."""
    return _TOKEN.findall(text) if isinstance(text, str) else list(text)


def _as_model(model: str | Model, *, thinks: bool) -> Model:
    if isinstance(model, Model):
        return model
    return Model(
        name=model,
        format="script",
        family="script",
        parameter_size="0",
        quantization_level="none",
        context_length=131_072,
        capabilities=("completion", "thinking") if thinks else ("completion",),
    )
