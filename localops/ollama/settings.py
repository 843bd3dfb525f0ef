"""What the environment says about the server; the names and meanings are Ollama's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from localops.ollama import keep_alive
from localops.ollama.errors import BadRequest, StartFailure

MAX_WAITING = 512


@dataclass(frozen=True)
class Settings:
    """How a server behaves.

    Attributes:
        max_waiting: OLLAMA_MAX_QUEUE, requests that may wait for their turn before others are refused.
        keep_alive_s: OLLAMA_KEEP_ALIVE, how long a model stays loaded when the request does not say.
        origins: OLLAMA_ORIGINS, web origins that may call besides local ones.
    """

    max_waiting: int = MAX_WAITING
    keep_alive_s: float = keep_alive.DEFAULT_S
    origins: tuple[str, ...] = ()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            StartFailure: a value makes no sense.
        """
        waiting = environment.get("OLLAMA_MAX_QUEUE") or str(MAX_WAITING)
        if not waiting.isdecimal():
            raise StartFailure(f"OLLAMA_MAX_QUEUE is {waiting!r}; write a number such as {MAX_WAITING}")
        return cls(
            max_waiting=int(waiting),
            keep_alive_s=_keep_alive_s(environment.get("OLLAMA_KEEP_ALIVE", "")),
            origins=tuple(filter(None, environment.get("OLLAMA_ORIGINS", "").split(","))),
        )


def _keep_alive_s(value: str) -> float:
    try:
        return keep_alive.seconds(int(value) if value.lstrip("-").isdecimal() else value or None)
    except BadRequest as error:
        raise StartFailure(f"OLLAMA_KEEP_ALIVE: {error}; write it like 5m, or -1 for ever") from error
