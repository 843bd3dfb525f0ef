"""The one interface between the server and whatever makes the text.

A new engine is one file with a class of this shape, and a line in `__main__.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from localops.ollama.model import Model
from localops.ollama.options import Options

MAX_REPEATS = 30
DoneReason = Literal["stop", "length", "load", "unload"]


class Message(NamedTuple):
    """One turn of a conversation; `thinking` is what an assistant thought before it spoke."""

    role: str
    content: str
    thinking: str = ""


@dataclass(frozen=True)
class Ask:
    """A text or a conversation for an engine to continue.

    Attributes:
        messages: the conversation, put through the model's template; ignored when `raw` is given.
        raw: text to continue as it stands, without any template.
        before: tokens of the model that stand before all else; to an engine without tokens they are nothing.
        think: whether reasoning is wanted, or how much; None leaves it to the model.
        format: "json", a JSON schema, or None.
        top_logprobs: how many alternatives come with each token's probability; None asks for none of it.
        truncate: cut a prompt that is longer than the context; otherwise it is refused.
        ends_repetition: give up in silence after MAX_REPEATS equal tokens, as Ollama's /api/generate does.
    """

    model: Model
    messages: tuple[Message, ...] = ()
    raw: str | None = None
    before: tuple[int, ...] = ()
    options: Options = field(default_factory=Options)
    think: bool | str | None = None
    format: str | Mapping[str, Any] | None = None
    top_logprobs: int | None = None
    truncate: bool = True
    ends_repetition: bool = False

    def last_user_text(self) -> str:
        """Return what the person said last, or the raw prompt."""
        if self.raw is not None:
            return self.raw
        return next((message.content for message in reversed(self.messages) if message.role == "user"), "")


class Logprob(NamedTuple):
    """A token with the natural logarithm of its probability; `top` holds the likeliest in its place."""

    token: str
    logprob: float
    bytes: Sequence[int] = ()
    top: Sequence[Logprob] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as Ollama and OpenAI write it. Source: ollama api/types.go:497-516."""
        alternatives = [each.as_json() for each in self.top]
        return {
            "token": self.token,
            "logprob": self.logprob,
            **({"bytes": list(self.bytes)} if self.bytes else {}),
            **({"top_logprobs": alternatives} if alternatives else {}),
        }


class Piece(NamedTuple):
    """A token's worth of answer: whole characters of text, of reasoning, or neither."""

    text: str = ""
    thinking: str = ""
    logprobs: tuple[Logprob, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The end of a generation, with what was measured. Durations in nanoseconds."""

    done_reason: DoneReason = "stop"
    prompt_tokens: int = 0
    prompt_ns: int = 0
    tokens: int = 0
    eval_ns: int = 0


class Embedded(NamedTuple):
    """A text as a vector, and how many tokens it has."""

    vector: Sequence[float]
    tokens: int


class Engine(Protocol):
    """Makes text.

    Attributes:
        models: what it offers, the first is the one it prefers.
        parallel: how many requests for one model it can serve at once.
    """

    @property
    def models(self) -> Sequence[Model]: ...

    @property
    def parallel(self) -> int: ...

    def context_loaded(self, model: Model) -> int:
        """Return the context length the model is loaded with, 0 when it is not loaded."""
        ...

    async def load(self, model: Model, num_ctx: int | None) -> None:
        """Make the model ready; returns at once when it is.

        Args:
            num_ctx: the context wanted, in tokens; None leaves it to the engine.

        Raises:
            EngineFailure: it cannot be loaded.
        """
        ...

    async def unload(self, model: Model) -> None:
        """Return the model's memory back."""
        ...

    def generate(self, ask: Ask) -> AsyncGenerator[Sequence[Piece] | Summary]:
        """Yield pieces as they come, those that came together in one list, and a Summary last.

        A generator that ends without a Summary stands for a server that gave up in silence. Closing or
        cancelling it stops the work; it returns only when the engine is free again.

        Raises:
            RequestFailure: before the first list, or in the middle.
        """
        ...

    async def embed(self, model: Model, text: str) -> Embedded:
        """Return the vector of a text; asked only of models that can `embedding`.

        Raises:
            PromptTooLong: the text does not fit into the context.
            RequestFailure: the engine refused it.
        """
        ...
