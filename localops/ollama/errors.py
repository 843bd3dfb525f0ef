"""The errors of the model server, by what the caller is told.

ModelServerError
├── StartFailure      the process cannot start: one sentence on standard error
│   └── EngineMissing     the engine's library is not installed: exit status 3, the caller decides
└── RequestFailure    an HTTP status and a sentence, or an error line in a stream that has begun
    ├── BadRequest        400
    ├── ModelNotFound     404
    ├── PromptTooLong     400
    ├── ServerBusy        503
    ├── TemplateFailure   500, as Ollama says it
    └── EngineFailure     500 unless the engine says otherwise
"""

from __future__ import annotations

import json


class ModelServerError(Exception):
    """Root of all errors whose text is meant for a person."""


class StartFailure(ModelServerError):
    """The server cannot start; the text says why and what to do."""


class EngineMissing(StartFailure):
    """The engine's library cannot be imported on this machine."""


class RequestFailure(ModelServerError):
    """A request that cannot be answered.

    Args:
        message: what the caller reads, in Ollama's words where Ollama has words for it.
        status: HTTP status, used when nothing of the answer was sent yet.
    """

    status = 500

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if status is not None:
            self.status = status


class BadRequest(RequestFailure):
    """The request itself is wrong."""

    status = 400


class ModelNotFound(RequestFailure):
    """No model of that name. Source: ollama server/routes.go:282."""

    status = 404

    def __init__(self, name: str, *, old_words: bool = False) -> None:
        old = f'model "{name}" not found, try pulling it first'
        super().__init__(old if old_words else f"model '{name}' not found")


class PromptTooLong(RequestFailure):
    """The prompt alone fills the context. Source: ollama llm/llama_server.go:293.

    Attributes:
        tokens: of the prompt.
        context_length: tokens that the context holds.
    """

    status = 400

    def __init__(self, tokens: int, context_length: int) -> None:
        self.tokens, self.context_length = tokens, context_length
        super().__init__(
            "the prompt is longer than the context length currently available to the model; "
            f"it has {tokens} tokens, the context holds {context_length}"
        )


class ServerBusy(RequestFailure):
    """The queue is full. Source: ollama server/sched.go:88, two spaces and all."""

    status = 503

    def __init__(self) -> None:
        super().__init__("server busy, please try again.  maximum pending requests exceeded")


class TemplateFailure(RequestFailure):
    """A template that a request brought along is not one, or does not fit."""


class EngineFailure(RequestFailure):
    """The engine broke while it worked."""


def quoted(text: str) -> str:
    """Return what a caller sent as Go's `%q` writes it into a sentence: on one line, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)
