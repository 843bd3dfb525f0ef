"""`localops pull`: have the person's Ollama get a model, and show how far it is."""

from __future__ import annotations

import argparse
import shutil
import sys

from localops.commands.progress import Display, display
from localops.errors import LocalopsError
from localops.model_host.address import OLLAMA_HERE, Address
from localops.model_host.client import BrokenOff, Ollama, OllamaError, Progress, Unreachable
from localops.model_host.host import address_of_desk
from localops.project.folder import Project
from localops.project.variables import layers_of_desk

INTERRUPTED = 130
GO_ON = "the same command goes on where this one ended"
# Of Ollama's words for a name that its library does not have.
NO_SUCH_MODEL = "file does not exist"
WHERE_NAMES_ARE = "https://ollama.com/search has the names"


class NoOllama(LocalopsError):
    """There is no Ollama to ask."""


class PullFailed(LocalopsError):
    """The Ollama did not get the model."""

    exit_status = 1


def run(options: argparse.Namespace) -> int:
    """Pull one model.

    Raises:
        NoOllama: none answers.
        PullFailed: the model is not there.
        AddressError: OLLAMA_HOST, OLLAMA_PROTO or AUTH make no sense.
    """
    ollama = Ollama(address_of_desk(layers_of_desk(Project(options.project.resolve()))))
    shown = display(sys.stderr, options.model)
    try:
        pull(ollama, options.model, shown)
    except KeyboardInterrupt:
        sys.stderr.write(f"localops: stopped; {GO_ON}\n")
        return INTERRUPTED
    sys.stdout.write(f"{options.model} is there; start `python3 -m localops up`, again if it runs already\n")
    return 0


def pull(ollama: Ollama, model: str, shown: Display) -> None:
    layers: dict[str, Progress] = {}
    try:
        for progress in ollama.pull(model):
            show(progress, layers, shown)
    except Unreachable as error:
        raise NoOllama(f"{error}; {way_out(ollama.address)}") from error
    except BrokenOff as error:
        raise PullFailed(f"{error}; {GO_ON}") from error
    except OllamaError as error:
        hint = f"; {WHERE_NAMES_ARE}" if NO_SUCH_MODEL in str(error) else ""
        raise PullFailed(f"{model} was not pulled: {error}{hint}") from error
    finally:
        shown.end()


def show(progress: Progress, layers: dict[str, Progress], shown: Display) -> None:
    """Show the layers together: one of them is nearly the whole model."""
    if not progress.total:
        if not progress.digest:
            shown.step(progress.status)
        return
    layers[progress.digest] = progress
    shown.amount(
        sum(layer.completed for layer in layers.values()), sum(layer.total for layer in layers.values())
    )


def way_out(address: Address) -> str:
    if address != OLLAMA_HERE:
        return "start it there, or correct OLLAMA_HOST"
    start = (
        "start it with `ollama serve`"
        if shutil.which("ollama")
        else "install it (https://ollama.com) and start it"
    )
    return f"{start}, or set OLLAMA_HOST to where one is"
