"""Which models a server has, and which are wanted besides, told while everything else runs already."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence

from localops.model_host.address import OLLAMA_HERE
from localops.model_host.client import Ollama, OllamaError, Unreachable
from mastro.providers.ollama.host import OllamaHost

MOST_SHOWN = 8
# A model that is alone is loaded before its server answers.
LONGEST_LOADING_S = 600.0

log = logging.getLogger("localops.model")


def tell_models(ollama: Ollama, wanted: Sequence[str]) -> None:
    """Say which models a server has.

    Args:
        wanted: names that the project's chats ask for.
    """
    in_background(lambda: tell(ollama, wanted))


def tell_own_models(ollama: Ollama) -> None:
    """Say how the person's models are called, when they are loaded; that they cannot be, the server says."""

    def tell_names() -> None:
        with contextlib.suppress(OllamaError):
            log.info("model: ready, as %s", listed(ollama.models(LONGEST_LOADING_S)))

    in_background(tell_names)


def in_background(work: Callable[[], None]) -> None:
    # A daemon, because looking up a host's name can take half a minute and cannot be ended.
    threading.Thread(target=work, daemon=True).start()


def tell(ollama: Ollama, wanted: Sequence[str]) -> None:
    try:
        names = ollama.models()
    except Unreachable as error:
        log.warning("model: %s, so nothing answers in the chats until it does", error)
        return
    except OllamaError as error:
        log.warning("model: it does not tell its models: %s", error)
        return
    log.info("model: it has %s", listed(names))
    for name in missing(wanted, names):
        command = pull(name, ollama.address)
        log.info("model: %s, which the chats ask for, is not pulled; get it with: %s", name, command)


def listed(names: Sequence[str]) -> str:
    """Some names, and how many there are besides."""
    if not names:
        return "no models yet"
    more = len(names) - MOST_SHOWN
    return ", ".join(names[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def missing(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of the names that are wanted and not there."""
    there = {whole(name) for name in names}
    return [name for name in wanted if whole(name) not in there]


def whole(name: str) -> str:
    """A model's name as Ollama compares it: in small letters, with its tag."""
    small = name.lower()
    return small if ":" in small.rpartition("/")[2] else f"{small}:latest"


def pull(name: str, address: OllamaHost) -> str:
    """Return the command that has the Ollama at an address pull a model."""
    there = "" if address == OLLAMA_HERE else f"OLLAMA_HOST={address.scheme}://{address} "
    return f"{there}ollama pull {name}"
