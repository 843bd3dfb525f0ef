"""Report which models a server has, and which are missing, while everything else runs already."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence

from localops.model_host.address import OLLAMA_HERE
from localops.model_host.client import Ollama, OllamaError, Unreachable
from mastro.providers.ollama.host import OllamaHost

_MAX_SHOWN = 8
# A model that is alone is loaded before its server answers.
_MAX_LOADING_S = 600.0

_log = logging.getLogger("localops.model")


def report_models(ollama: Ollama, wanted: Sequence[str]) -> None:
    """Report which models a server has.

    Args:
        wanted: names that the project's chats ask for.
    """
    in_background(lambda: _report(ollama, wanted))


def report_own_models(ollama: Ollama) -> None:
    """Report the names of the person's models once they are loaded; failures the server reports."""

    def report_names() -> None:
        with contextlib.suppress(OllamaError):
            _log.info("model: ready, as %s", listed(ollama.models(_MAX_LOADING_S)))

    in_background(report_names)


def in_background(work: Callable[[], None]) -> None:
    """Do some work beside everything else; nothing waits for its end."""
    # A daemon, because looking up a host's name can take half a minute and cannot be ended.
    threading.Thread(target=work, daemon=True).start()


def _report(ollama: Ollama, wanted: Sequence[str]) -> None:
    try:
        names = ollama.models()
    except Unreachable as error:
        _log.warning("model: %s, so nothing answers in the chats until it does", error)
        return
    except OllamaError as error:
        _log.warning("model: it does not list its models: %s", error)
        return
    _log.info("model: it has %s", listed(names))
    for name in missing(wanted, names):
        command = _pull(name, ollama.address)
        _log.info("model: %s, which the chats ask for, is not pulled; get it with: %s", name, command)


def listed(names: Sequence[str]) -> str:
    """Return some names, and how many more there are."""
    if not names:
        return "no models yet"
    more = len(names) - _MAX_SHOWN
    return ", ".join(names[:_MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")


def missing(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names that are wanted and not there."""
    there = {_whole(name) for name in names}
    return [name for name in wanted if _whole(name) not in there]


def _whole(name: str) -> str:
    """Return a model's name as Ollama compares it: in lower case, with its tag."""
    small = name.lower()
    return small if ":" in small.rpartition("/")[2] else f"{small}:latest"


def _pull(name: str, address: OllamaHost) -> str:
    """Return the command that has the Ollama at an address pull a model."""
    there = "" if address == OLLAMA_HERE else f"OLLAMA_HOST={address.scheme}://{address} "
    return f"{there}ollama pull {name}"
