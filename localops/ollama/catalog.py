"""The models a server answers for, found by the names people use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from localops.ollama import keep_alive
from localops.ollama.errors import ModelNotFound
from localops.ollama.model import Model, canonical_name


@dataclass(frozen=True)
class Catalog:
    """Models by name.

    Attributes:
        models: the first one that makes text also answers for the names in `stands_in_for`.
        stands_in_for: names that are answered without being listed; the answer carries the true name.
        keep_alive_s: how long a model stays loaded when the request does not say.
        quoted_not_found: say that a model is missing in the words of old servers.
    """

    models: Sequence[Model]
    stands_in_for: frozenset[str] = field(default_factory=frozenset[str])
    keep_alive_s: float = keep_alive.DEFAULT_S
    quoted_not_found: bool = False

    def newest_first(self) -> list[Model]:
        """Return the models in the order in which they are listed."""
        return sorted(self.models, key=lambda model: model.modified_ns, reverse=True)

    @property
    def stand_in(self) -> Model | None:
        """The model that answers for the names in `stands_in_for`; None where all models only embed."""
        return next((model for model in self.models if model.can("completion")), None)

    def find(self, name: str) -> Model:
        """Return the model that answers for a name.

        Raises:
            BadRequest: not a name.
            ModelNotFound: no such model.
        """
        wanted = canonical_name(name)
        for model in self.models:
            if canonical_name(model.name) == wanted:
                return model
        if stand_in := self._standing_in(wanted):
            return stand_in
        raise ModelNotFound(name, old_words=self.quoted_not_found)

    def answer_name(self, name: str) -> str:
        """Return what an answer's `model` says: the caller's own spelling, or who really answered."""
        stand_in = self._standing_in(canonical_name(name))
        return stand_in.name if stand_in else name

    def _standing_in(self, wanted: str) -> Model | None:
        listed = {canonical_name(model.name) for model in self.models}
        others = {canonical_name(name) for name in self.stands_in_for} - listed
        return self.stand_in if wanted in others else None
