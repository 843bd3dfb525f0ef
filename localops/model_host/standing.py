"""Report who answers, in which order, and who is set up and does not answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from localops.model_host.report import in_background, listed
from localops.model_host.settings import OLLAMA, ROUTING, providers_of
from mastro.chat.catalogue import catalogue
from mastro.chat.route import Candidate, fallback_after_s, route
from mastro.providers.configured import Providers
from mastro.providers.errors import ModelError

_log = logging.getLogger("localops.model")


def report_standing(settings: Mapping[str, str]) -> None:
    """Report it while everything else runs already; nothing of Ollama alone, of which more is said elsewhere.

    Args:
        settings: those of the chats, by name.
    """
    providers = providers_of(settings)
    if providers.names != [OLLAMA] or any(name in settings for name in ROUTING):
        in_background(lambda: _report(providers, settings))


def _report(providers: Providers, settings: Mapping[str, str]) -> None:
    try:
        lines = list(_lines(providers, settings))
    except ModelError as error:
        _log.warning("model: %s", providers.hide(str(error)))
    else:
        for line in lines:
            _log.info("model: %s", line)
    others = [name for name in providers.names if name != OLLAMA]
    listed_ones = catalogue(providers, lambda _: None, others, when_there=True) if others else []
    for each in listed_ones:
        if each.fault:
            _log.warning("model: %s", each.fault)
        else:
            _log.info("model: %s has %s", each.title, listed(each.models))


def _lines(providers: Providers, settings: Mapping[str, str]) -> Iterator[str]:
    """Yield who answers what.

    Raises:
        ModelError: a setting names what is not there, or is not a number.
    """
    first, *after = order = route(providers, "", "", settings)
    others = " and then ".join(_title(providers, each) for each in after)
    silent_s = fallback_after_s(settings)
    then = f"; when it cannot, or says nothing for {silent_s:g} s, {others} (CHAT_FALLBACK)" if after else ""
    yield f"{_title(providers, first)} answers{then}"
    yield from _by_length(providers, settings, order)
    by_task = {name: route(providers, "", "", {**settings, "task": name})[0] for name in _tasks(settings)}
    for name, candidate in by_task.items():
        yield f"the task {name} goes to {_title(providers, candidate)} (CHAT_TASKS)"
    named = {candidate.provider for candidate in (*order, *by_task.values())}
    if rest := [name for name in providers.names if name not in named]:
        yield f"{' and '.join(rest)} can be chosen with @"


def _by_length(providers: Providers, settings: Mapping[str, str], order: list[Candidate]) -> Iterator[str]:
    words = settings.get("CHAT_LONG_WORDS", "0")
    if not float(words):
        return
    first = route(providers, "", "a message", {**settings, "CHAT_LONG_WORDS": "1"})[0]
    if len(order) > 1:
        yield f"a message of {words} words or more goes to {_title(providers, first)} first (CHAT_LONG_WORDS)"
    else:
        yield "CHAT_LONG_WORDS changes nothing: CHAT_FALLBACK names nobody else to ask"


def _tasks(settings: Mapping[str, str]) -> list[str]:
    entries = settings.get("CHAT_TASKS", "").split(",")
    return [name for name in (entry.partition(":")[0].strip() for entry in entries) if name]


def _title(providers: Providers, candidate: Candidate) -> str:
    name, model = candidate
    try:
        provider = providers.get(name)
    except ModelError:
        return candidate.title  # what is wrong with its settings is said of it alone
    named = Candidate(name, model or provider.default_model)
    if provider.is_local:
        return named.title
    return f"{named.title} (not on this machine{'' if named.model else '; set MODEL, or choose one with @'})"
