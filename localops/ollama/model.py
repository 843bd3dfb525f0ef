"""A model as clients see it: its name and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from localops.ollama.errors import BadRequest

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"
_NAME = re.compile(
    rf"(?:(?P<host>[A-Za-z0-9_][A-Za-z0-9_.:-]*)/)?(?:(?P<space>{_PART})/)?(?P<model>{_PART})(?::(?P<tag>{_PART}))?"
)


class Tensor(NamedTuple):
    """A tensor of a model, by its name, its type as `Q8_0`, and its dimensions."""

    name: str
    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A model that the server offers.

    Attributes:
        name: with its tag, `mastrogpt-tiny:3m`.
        size_bytes: of the weights on disk.
        digest: 64 hexadecimal digits that change when the model does.
        modified_ns: when the weights changed, since 1970.
        parameter_size: as people say it, `3.1M`.
        context_length: tokens the model was trained for.
        capabilities: Ollama's words: completion, thinking, embedding, ...
        info: the flat GGUF keys of /api/show; vocabularies are None.
        file: where the weights lie, if in a file.
    """

    name: str
    size_bytes: int = 0
    digest: str = "0" * 64
    modified_ns: int = 0
    format: str = "gguf"
    family: str = ""
    parameter_size: str = ""
    quantization_level: str = ""
    context_length: int = 0
    embedding_length: int = 0
    capabilities: tuple[str, ...] = ("completion",)
    license: str = ""
    info: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tensors: tuple[Tensor, ...] = ()
    file: Path | None = None

    def can(self, capability: str) -> bool:
        """Return whether the model has one of Ollama's capabilities."""
        return capability in self.capabilities

    def details(self) -> dict[str, Any]:
        """Return the `details` member of /api/tags. Source: ollama api/types.go:931."""
        known = {"context_length": self.context_length, "embedding_length": self.embedding_length}
        return {
            "parent_model": "",
            "format": self.format,
            "family": self.family,
            "families": [self.family] if self.family else None,
            "parameter_size": self.parameter_size,
            "quantization_level": self.quantization_level,
            **{name: value for name, value in known.items() if value},
        }


def canonical_name(name: str) -> str:
    """Return the one spelling under which models are compared.

    Defaults are filled in and case is dropped: `Llama3.2`, `llama3.2:latest` and
    `registry.ollama.ai/library/llama3.2` are the same model. Source: ollama types/model/name.go:125.

    Raises:
        BadRequest: not a model's name.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise BadRequest("invalid model name")
    host, space = match["host"], match["space"]
    if host and not space:  # with one slash the first part is the namespace
        host, space = None, host
    tag = match["tag"] or "latest"
    return f"{host or 'registry.ollama.ai'}/{space or 'library'}/{match['model']}:{tag}".lower()
