"""Keep the actions told where the Foundry Local of this machine is, however often it moves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from localops.model_host import foundry
from localops.model_host.foundry import Found, ProgramError
from localops.model_host.settings import ADDRESSES, FOUNDRY, MODEL, OPENAI, value
from localops.project.folder import Project
from localops.project.variables import Variable, layers_of_desk
from mastro.providers.foundry import FoundryServer
from mastro.providers.server import is_loopback

_LOOK_S = 3.0
# After looks in vain, each of which runs a program.
_MAX_PAUSE_S = 60.0

_log = logging.getLogger("localops.model")


class FoundryHere:
    """The Foundry Local of this machine, found by its program or behind BASE_URL.

    A FOUNDRY_HOST that the person sets beats it.

    Args:
        default: the name of the server that answers by default while none is found here.

    Attributes:
        when_changed: called when it is found, and when it has moved.
    """

    def __init__(self, project: Project, default: str) -> None:
        self.when_changed: Callable[[], None] = lambda: None
        self._project = project
        self._default = default
        self._server: FoundryServer | None = None
        self._base_url = ""
        self._is_missing = False
        self._can_look = foundry.can_be_asked()

    def variables(self) -> dict[str, str]:
        """Return what actions get of it."""
        desk = layers_of_desk(self._project)
        if self._server is None or value(desk, ADDRESSES[FOUNDRY]):
            return {}
        given = {ADDRESSES[FOUNDRY]: foundry.url_of(self._server)}
        if not self._base_url:
            given |= self._default_as_before(desk)
        elif value(desk, ADDRESSES[OPENAI]) == self._base_url:
            given[ADDRESSES[OPENAI]] = ""
        return given

    async def look(self) -> None:
        """Look for it once: first where BASE_URL leads, then where its program says."""
        desk = layers_of_desk(self._project)
        if value(desk, ADDRESSES[FOUNDRY]):
            return
        base_url = value(desk, ADDRESSES[OPENAI])
        server = foundry.server_of(base_url) if base_url else None
        if server and is_loopback(server.name) and await foundry.is_foundry(server):
            self._base_url = base_url
            self._is_at(server, "where BASE_URL leads: it is asked as FOUNDRY_HOST")
        elif found := await self._find():
            self._is_at(found.server, f"found by {found.how}; type @ to choose a model there")

    async def follow(self) -> None:
        """Notice when it moves, and when it is there at last, until cancelled."""
        pause_s = _LOOK_S
        while self._can_look:
            await asyncio.sleep(pause_s)
            if value(layers_of_desk(self._project), ADDRESSES[FOUNDRY]):
                continue
            if self._server and await foundry.is_foundry(self._server):
                pause_s = _LOOK_S
            elif found := await self._find():
                pause_s = _LOOK_S
                self._is_at(found.server, f"found by {found.how}")
            else:
                pause_s = min(_MAX_PAUSE_S, 2 * pause_s)
                self._is_gone()

    async def _find(self) -> Found | None:
        """Return it by its program; one that does not do as it should is asked no more."""
        if not self._can_look:
            return None
        try:
            return await foundry.find()
        except ProgramError as error:
            self._can_look = False
            _log.warning("model: %s; set FOUNDRY_HOST to use a Foundry Local", error)
            return None

    def _is_at(self, server: FoundryServer, how: str) -> None:
        before, self._server, self._is_missing = self._server, server, False
        if before is None:
            _log.info("model: Foundry Local at %s, %s", server, how)
        elif before != server:
            _log.info("model: Foundry Local has moved to %s", server)
        if before != server:
            self.when_changed()

    def _is_gone(self) -> None:
        if self._server and not self._is_missing:
            self._is_missing = True
            _log.warning(
                "model: Foundry Local at %s has stopped; `foundry server start` starts it again", self._server
            )

    def _default_as_before(self, desk: Mapping[str, Variable]) -> dict[str, str]:
        """Return what keeps a server that nobody asked for from being the default one."""
        model = value(desk, MODEL)
        prefix, slash, _ = model.partition("/")
        return {} if slash and prefix in ADDRESSES else {MODEL: f"{self._default}/{model}"}
