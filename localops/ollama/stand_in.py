"""The engine where llama.cpp cannot run: a fixed answer, which names the reason."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Sequence

from localops.ollama.engine import Ask, Embedded, Piece, Summary
from localops.ollama.errors import RequestFailure
from localops.ollama.model import Model

_ANSWER = (
    "I am a script, not a model: llama.cpp does not run on this machine, so I stand in for it and say this "
    "to everything. For real answers start an Ollama here, or set OLLAMA_HOST to one elsewhere."
)
_MODEL = Model("scripted:latest", format="script", family="script", parameter_size="0")
_TOKEN = re.compile(r"\s*\S+")
_PAUSE_S = 1 / 50


class StandIn:
    """An engine with one fixed answer, at the pace of a small model."""

    models: Sequence[Model] = (_MODEL,)
    parallel = 64

    def context_loaded(self, model: Model) -> int:
        """Return the context length; it is always loaded."""
        return model.context_length

    async def load(self, model: Model, num_ctx: int | None) -> None:
        """Do nothing: it is always loaded."""

    async def unload(self, model: Model) -> None:
        """Do nothing."""

    async def generate(self, ask: Ask) -> AsyncGenerator[Sequence[Piece] | Summary]:
        """Yield the answer, as `Engine.generate` says."""
        text = _ANSWER[
            : min((place for place in map(_ANSWER.find, ask.options.stop) if place >= 0), default=None)
        ]
        tokens = _TOKEN.findall(text)
        limit = ask.options.num_predict
        said = tokens[:limit] if limit >= 0 else tokens
        started_ns = time.perf_counter_ns()
        for token in said:
            yield [Piece(token)]
            await asyncio.sleep(_PAUSE_S)
        yield Summary(
            done_reason="stop" if said == tokens else "length",
            prompt_tokens=len(ask.last_user_text().split()),
            tokens=len(said),
            eval_ns=time.perf_counter_ns() - started_ns,
        )

    async def embed(self, model: Model, text: str) -> Embedded:  # noqa: ARG002 - the interface of an engine
        """Refuse: a script has no vectors; the server asks only models that can embed."""
        raise RequestFailure(f"{model.name} does not support embeddings", status=501)
