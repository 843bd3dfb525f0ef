"""The server's settings in the environment, with Ollama's own names and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from localops.ollama import keep_alive
from localops.ollama.errors import BadRequest, StartFailure

_MAX_WAITING = 512
_MAX_LOADED = 3  # Ollama's own on a machine without a graphics card


@dataclass(frozen=True)
class Settings:
    """The settings of a server.

    Attributes:
        max_waiting: OLLAMA_MAX_QUEUE, requests that may wait for their turn before others are refused.
        max_loaded: OLLAMA_MAX_LOADED_MODELS, models that are in memory at once.
        keep_alive_s: OLLAMA_KEEP_ALIVE, how long a model stays loaded when the request does not say.
        origins: OLLAMA_ORIGINS, web origins that may call besides local ones.
    """

    max_waiting: int = _MAX_WAITING
    max_loaded: int = _MAX_LOADED
    keep_alive_s: float = keep_alive.DEFAULT_S
    origins: tuple[str, ...] = ()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            StartFailure: a value makes no sense.
        """
        return cls(
            max_waiting=_number(environment, "OLLAMA_MAX_QUEUE", _MAX_WAITING),
            max_loaded=_number(environment, "OLLAMA_MAX_LOADED_MODELS", _MAX_LOADED) or _MAX_LOADED,
            keep_alive_s=_keep_alive_s(environment.get("OLLAMA_KEEP_ALIVE", "")),
            origins=tuple(filter(None, environment.get("OLLAMA_ORIGINS", "").split(","))),
        )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdecimal():
        raise StartFailure(f"{name} is {value!r}; write a number such as {default}")
    return int(value)


def _keep_alive_s(value: str) -> float:
    try:
        return keep_alive.seconds(int(value) if value.lstrip("-").isdecimal() else value or None)
    except BadRequest as error:
        raise StartFailure(f"OLLAMA_KEEP_ALIVE: {error}; write it like 5m, or -1 for ever") from error
