"""Read a model's answer as it comes, whatever the server and the model."""

import time
from collections.abc import Generator, Iterable
from typing import Any

from .errors import ModelError
from .provider import Wire
from .reasoning import THINKING, Piece, Reasoning


class Answer:
    """One answer of a model, from the moment that it is asked for."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._asked_s = time.monotonic()
        self._first_s = self._latest_s = 0.0
        self._reasoning = Reasoning()

    @property
    def is_whole(self) -> bool:
        """Whether the model said that it is done; an answer that ends without was cut off."""
        return self._wire.is_whole

    @property
    def heard(self) -> float:
        """When the model last said something; 0 before it has."""
        return self._latest_s

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be read."""
        return self._wire.is_over

    def pieces(self, batches: Iterable[list[bytes]]) -> Generator[Piece]:
        """Yield kind and text of all that the lines say.

        Raises:
            ModelError: as `read`.
        """
        for lines in batches:
            yield from self.read(lines)
            if self.is_over:
                break
        yield from self.end()

    def read(self, lines: list[bytes]) -> Generator[Piece]:
        """Yield kind and text of what some lines say, joined where they came together.

        Raises:
            ModelError: the server reported an error in place of a token, or a line belongs to no answer.
        """
        yield from self._told(*self._wire.read(lines))

    def end(self) -> Generator[Piece]:
        """Yield what was held back until the end of the lines.

        Raises:
            ModelError: as `read`.
        """
        yield from self._told(*self._wire.end())
        yield from self._reasoning.end()

    def figures(self) -> dict[str, Any]:
        """Return model, tokens and pace as the server counted them; what it did not say is None.

        Where it counts tokens but no time, the pace is measured from the first piece to the last.
        """
        told = self._wire.figures
        tokens: int | None = told.get("tokens")
        pace: float | None = told.get("tokens_per_s")
        took_s = self._latest_s - self._first_s
        is_measured = pace is None and bool(tokens) and took_s > 0
        return {
            "model": told.get("model"),
            "tokens": tokens,
            "prompt_tokens": told.get("prompt_tokens"),
            "first_token_ms": round((self._first_s - self._asked_s) * 1000, 1) if self._first_s else None,
            "tokens_per_s": round((tokens or 0) / took_s, 1) if is_measured else pace,
            **({"tokens_per_s_is_measured": True} if is_measured else {}),
            "done_reason": told.get("done_reason"),
        }

    def _told(self, runs: list[Piece], error: ModelError | None) -> Generator[Piece]:
        for kind, text in runs:
            self._latest_s = time.monotonic()
            self._first_s = self._first_s or self._latest_s
            yield from [(kind, text)] if kind == THINKING else self._reasoning.feed(text)
        if error:
            yield from self._reasoning.end()
            raise error
