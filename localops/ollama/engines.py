"""Several engines as one, each with its own model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from localops.ollama.engine import Ask, Embedded, Engine, Piece, Summary
from localops.ollama.model import Model


class Engines:
    """An engine that leaves each model to the engine that has it.

    Args:
        engines: the first one's first model is the preferred one.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engine_of = {model.name: engine for engine in engines for model in engine.models}
        self.models: Sequence[Model] = [model for engine in engines for model in engine.models]
        self.parallel = engines[0].parallel

    def context_loaded(self, model: Model) -> int:
        """Return the context length the model is loaded with, 0 when it is not loaded."""
        return self._engine_of[model.name].context_loaded(model)

    async def load(self, model: Model, num_ctx: int | None) -> None:
        """Make the model ready, as `Engine.load` says."""
        await self._engine_of[model.name].load(model, num_ctx)

    async def unload(self, model: Model) -> None:
        """Return the model's memory back."""
        await self._engine_of[model.name].unload(model)

    def generate(self, ask: Ask) -> AsyncGenerator[Sequence[Piece] | Summary]:
        """Yield what the model's engine makes."""
        return self._engine_of[ask.model.name].generate(ask)

    async def embed(self, model: Model, text: str) -> Embedded:
        """Return the vector of a text, as `Engine.embed` says."""
        return await self._engine_of[model.name].embed(model, text)
