"""List the models of all servers: each in a thread of its own, so that a dead one costs nobody's time."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..providers.configured import Providers
from ..providers.errors import ModelError
from ..providers.exchange import Patience
from .asking import OnEnd, asking
from .models import DEFAULT_MODEL, can_be_chosen

PATIENCE_S = 2.0
SHOWN_MODELS = 20
NO_MODEL = f"There is no model on the server yet: get one with `ollama pull {DEFAULT_MODEL}`."
MORE = "- and {count} more"
LATE = f"does not answer within {PATIENCE_S:g} s"
NOT_AS_IT_SHOULD = "does not answer as it should"


class Listed(NamedTuple):
    """What one server tells.

    Attributes:
        name: the provider's.
        models: their names there.
        fault: the sentence that says why it tells nothing; "" where it does.
        took_ms: how long it took to tell.
        brief: why, to go on from its name, without its address; "" where it tells.
    """

    name: str
    title: str
    is_local: bool
    models: list[str]
    fault: str
    took_ms: float
    brief: str = ""

    def as_member(self) -> dict[str, Any]:
        """Return it for a client that asked for `metrics`."""
        return {
            "name": self.name,
            "title": self.title,
            "is_local": self.is_local,
            "models": self.models[:SHOWN_MODELS],
            "count": len(self.models),
            "fault": self.fault or None,
            "took_ms": self.took_ms,
        }


def catalogue(
    providers: Providers, on_end: OnEnd, names: Sequence[str] = (), *, when_there: bool = False
) -> list[Listed]:
    """Return what the servers tell, in at most PATIENCE_S.

    Args:
        names: which ones; all that are configured unless given.
        when_there: whether to ask also those whose models are known without, to see that they answer.
    """
    asked = list(names or providers.names)
    found: dict[str, Listed] = {}

    def look(name: str) -> None:
        found[name] = _look(providers, name, on_end, when_there=when_there)

    threads = [threading.Thread(target=look, args=[name], daemon=True) for name in asked]
    for thread in threads:
        thread.start()
    end_at = time.monotonic() + PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, end_at - time.monotonic()))
    return [found.get(name) or _late(providers, name) for name in asked]


def _look(providers: Providers, name: str, on_end: OnEnd, *, when_there: bool) -> Listed:
    begun_s = time.monotonic()
    models, fault, brief = list[str](), "", ""
    try:
        provider = providers.get(name)
        ask = asking(provider, on_end, Patience(PATIENCE_S, PATIENCE_S, PATIENCE_S))
        known = provider.models_when_there(ask) if when_there else provider.models(ask)
        models = [model for model in known if can_be_chosen(model)]
    except ModelError as error:
        fault, brief = providers.hide(str(error)), error.brief or NOT_AS_IT_SHOULD
    took_ms = round((time.monotonic() - begun_s) * 1000, 1)
    return Listed(name, _title(providers, name), _is_local(providers, name), models, fault, took_ms, brief)


def _late(providers: Providers, name: str) -> Listed:
    fault = f"{_title(providers, name)} does not say which models it has within {PATIENCE_S:g} s."
    title, is_local = _title(providers, name), _is_local(providers, name)
    return Listed(name, title, is_local, [], fault, PATIENCE_S * 1000, LATE)


def _title(providers: Providers, name: str) -> str:
    return _of(lambda: f"{providers.get(name).title} at {providers.get(name).server}", name)


def _is_local(providers: Providers, name: str) -> bool:
    return _of(lambda: providers.get(name).is_local, False)


def _of(read: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return read()
    except ModelError:
        return otherwise  # what is wrong with its settings is its fault in the list


def listing(listed: Sequence[Listed], current: str) -> str:
    """Return the list for the person, in Markdown.

    Args:
        current: the whole name of the model that answers now.

    Raises:
        ModelError: the only server tells nothing.
    """
    several = len(listed) > 1
    if not several:
        return _listing_of_one(listed[0], current)
    parts = ["These models can be chosen:", ""]
    for each in listed:
        parts += [f"{each.title}:" if not each.fault else f"{each.title}: {each.fault}", ""]
        if not each.fault:
            names = [f"{each.name}/{model}" for model in each.models]
            parts += [*(_lines(names, current) or ["- (none)"]), ""]
    return "\n".join([*parts, "Type @ and how a name begins to choose it."])


def _listing_of_one(listed: Listed, current: str) -> str:
    if listed.fault:
        raise ModelError(listed.fault, "down")
    if not listed.models:
        return NO_MODEL
    lines = _lines(listed.models, current)
    return "\n".join(
        ["The server has these models:", "", *lines, "", "Type @ and how a name begins to choose it."]
    )


def _lines(names: Sequence[str], current: str) -> list[str]:
    lines = [f"- {name}{' (answers now)' if name == current else ''}" for name in names[:SHOWN_MODELS]]
    left_out = len(names) - SHOWN_MODELS
    return [*lines, MORE.format(count=left_out)] if left_out > 0 else lines
