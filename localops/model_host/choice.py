"""Choose the model server of a run of `up`: the person's files, what they named, or the built-in model."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from localops.model_host.address import AddressError
from localops.model_host.client import Ollama
from localops.model_host.files import ModelFiles
from localops.model_host.foundry_here import FoundryHere
from localops.model_host.host import (
    ModelHost,
    address_of_desk,
    chosen_by_person,
    ollama_of_this_machine,
    other_of_person,
)
from localops.model_host.own_server import OwnModelServer
from localops.model_host.report import report_models, report_own_models
from localops.model_host.settings import OLLAMA, in_force, of_desk, other_default, value
from localops.model_host.standing import report_standing
from localops.model_host.wanted import wanted_models
from localops.project.folder import Project
from localops.project.variables import layers, layers_of_desk

_log = logging.getLogger("localops.model")


@dataclass(frozen=True)
class Choice:
    """The model servers of one run.

    Attributes:
        server: the one that answers by default: one that is there already, or one that is to be run here.
        foundry: the Foundry Local of this machine, if there is one.
    """

    project: Project
    server: ModelHost | OwnModelServer
    foundry: FoundryHere

    @property
    def own(self) -> OwnModelServer | None:
        """The one that is to be run here."""
        return self.server if isinstance(self.server, OwnModelServer) else None

    @property
    def host(self) -> ModelHost:
        """Where it is and what people are told; both change with the engine of `own`."""
        return self.server.host() if isinstance(self.server, OwnModelServer) else self.server

    def variables(self) -> dict[str, str]:
        """Return what actions get to reach all of them."""
        return {**of_desk(self.project), **self.host.variables, **self.foundry.variables()}

    @property
    def login(self) -> dict[str, str]:
        """What a login gives of them, see `ModelHost.login`."""
        if self.host.variables["OLLAMA_HOST"] or value(layers(self.project, {}), "OLLAMA_HOST"):
            return self.host.login
        return {"OLLAMA_HOST": "", "OLLAMA_PROTO": ""}

    async def look_after(self) -> None:
        """Report who answers, and follow what moves, until cancelled."""
        self._report_models()
        await self.foundry.look()
        report_standing(in_force(self.project, self.variables()))
        await self.foundry.follow()

    def _report_models(self) -> None:
        """Report which models the person's Ollama, or the server of their files, has."""
        if self.own:
            if self.own.files:
                report_own_models(Ollama(self.own.address))
            return
        if not self.host.variables["OLLAMA_HOST"]:
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
    desk = layers_of_desk(project)
    there = None if files else chosen_by_person(desk) or other_of_person(desk) or ollama_of_this_machine()
    server = there or OwnModelServer(files, wanted_models(project))
    is_other = isinstance(server, ModelHost) and not server.variables["OLLAMA_HOST"]
    return Choice(project, server, FoundryHere(project, (is_other and other_default(desk)) or OLLAMA))
