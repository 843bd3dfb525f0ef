"""Decide who is asked: by what the person chose, by the task, by length, and who comes after whom.

Nothing leaves this machine but by a setting that names where to.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..providers.configured import LOCAL, Providers
from ..providers.errors import ModelError
from ..settings import setting

FALLBACK_AFTER_S = 30.0


class Candidate(NamedTuple):
    """A model that may be asked.

    Attributes:
        provider: its name.
        model: its name there; "" for the provider's default.
    """

    provider: str
    model: str

    @property
    def title(self) -> str:
        """Its name as people read it."""
        return f"{self.provider}/{self.model}" if self.model else self.provider


def route(providers: Providers, chosen: str, prompt: str, args: Mapping[str, Any]) -> list[Candidate]:
    """Return who is to be asked, the first first; more than one only where CHAT_FALLBACK names them.

    Args:
        chosen: the model that the person chose, "" for none.
        args: `task`, and the settings CHAT_TASKS, CHAT_LONG_WORDS and CHAT_FALLBACK.

    Raises:
        ModelError: a setting names what is not configured, or is not a number.
    """
    default = Candidate(providers.default, "")
    after = _fallback(providers, args)
    if chosen:
        first = [Candidate(*providers.split(chosen))]
    else:
        routed = _by_task(providers, args) or _by_length(after, prompt, args)
        first = [routed, default] if routed and after else [routed or default]
    # Who could not answer is not asked for another model either.
    by_provider: dict[str, Candidate] = {}
    for each in [*first, *after]:
        by_provider.setdefault(each.provider, each)
    return list(by_provider.values())


def fallback_after_s(args: Mapping[str, Any]) -> float:
    """Return how long a server may be silent when there is another to ask.

    Raises:
        ModelError: FALLBACK_AFTER is not a number of seconds.
    """
    return _number(args, "FALLBACK_AFTER", FALLBACK_AFTER_S)


def _fallback(providers: Providers, args: Mapping[str, Any]) -> list[Candidate]:
    names = [name.strip() for name in setting(args, "CHAT_FALLBACK").split(",")]
    return [_named(providers, name, "CHAT_FALLBACK") for name in names if name]


def _by_task(providers: Providers, args: Mapping[str, Any]) -> Candidate | None:
    task = args.get("task")
    if not isinstance(task, str) or not task:
        return None
    for entry in setting(args, "CHAT_TASKS").split(","):
        name, _, target = entry.partition(":")
        if name.strip() == task:
            return _named(providers, target.strip(), "CHAT_TASKS")
    return None


def _by_length(after: list[Candidate], prompt: str, args: Mapping[str, Any]) -> Candidate | None:
    words = _number(args, "CHAT_LONG_WORDS", 0)
    return after[0] if after and 0 < words <= len(prompt.split()) else None


def _named(providers: Providers, text: str, by: str) -> Candidate:
    """Return what a setting names: a provider, `local`, or a model with its provider before it."""
    name, _, model = text.partition("/")
    if name == LOCAL:
        name = providers.local() or ""
    if name not in providers.names:
        raise ModelError(
            f"{by} names {text!r}, which is not configured: known are {', '.join(providers.names)} "
            f"and {LOCAL}."
        )
    return Candidate(name, model)


def _number(args: Mapping[str, Any], name: str, otherwise: float) -> float:
    text = setting(args, name)
    try:
        value = float(text) if text else otherwise
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise ModelError(f"{name} is not a number: correct the setting.")
    return value
