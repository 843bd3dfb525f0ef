"""Choose the model server of a run of `up`: the person's files, their Ollama, or the built-in model."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from localops.model_host.address import AddressError
from localops.model_host.client import Ollama
from localops.model_host.files import ModelFiles
from localops.model_host.host import (
    ModelHost,
    address_of_desk,
    chosen_by_person,
    ollama_of_this_machine,
)
from localops.model_host.own_server import OwnModelServer
from localops.model_host.report import report_models, report_own_models
from localops.model_host.wanted import wanted_models
from localops.project.folder import Project
from localops.project.variables import layers_of_desk

_log = logging.getLogger("localops.model")


@dataclass(frozen=True)
class Choice:
    """The model server of one run.

    Attributes:
        server: one that is there already, or one that is to be run here.
    """

    project: Project
    server: ModelHost | OwnModelServer

    @property
    def own(self) -> OwnModelServer | None:
        """The one that is to be run here."""
        return self.server if isinstance(self.server, OwnModelServer) else None

    @property
    def host(self) -> ModelHost:
        """Where it is and what people are told; both change with the engine of `own`."""
        return self.server.host() if isinstance(self.server, OwnModelServer) else self.server

    def report(self) -> None:
        """Report which models the person has, as soon as their server answers."""
        if self.own:
            if self.own.files:
                report_own_models(Ollama(self.own.address))
            return
        try:
            ollama = Ollama(address_of_desk(layers_of_desk(self.project)))
        except AddressError as error:
            _log.warning("model: %s", error)
        else:
            report_models(ollama, wanted_models(self.project))


def choose(project: Project, files: ModelFiles | None) -> Choice:
    """Choose by what the person named, and by what this machine has.

    Args:
        files: they beat every server that is there.

    Raises:
        StartError: the files cannot run on this machine.
    """
    there = None if files else chosen_by_person(layers_of_desk(project)) or ollama_of_this_machine()
    return Choice(project, there or OwnModelServer(files, wanted_models(project)))
