"""The call that production's streamer makes to OpenWhisk on behalf of a reader, and its answer."""

from __future__ import annotations

from dataclasses import dataclass

from localops.errors import RequestError
from localops.openwhisk import web_action
from localops.openwhisk.content_negotiation import ANYTHING, Acceptance
from localops.openwhisk.entities import Activation
from localops.openwhisk.media_type import JSON_TYPE


@dataclass(frozen=True)
class WebCall:
    """The call of a web action whose answer production's streamer waits for.

    Attributes:
        extension: of the action's address.
        acceptance: what the reader accepts; the streamer passes its headers on.
    """

    extension: str = "http"
    acceptance: Acceptance = ANYTHING

    @property
    def may_be_told_to_wait(self) -> bool:
        """Return whether the reader accepts the type of the 202 that comes when an action takes long."""
        return self.acceptance.admits(JSON_TYPE)

    def status(self, activation: Activation) -> int:
        """Return the status that this reader's call has when the activation has ended."""
        return self._status(activation, self.acceptance)

    def status_for_any_reader(self, activation: Activation) -> int:
        """Return the status that the call of a reader has who accepts everything."""
        return self._status(activation, ANYTHING)

    def returns_body(self, activation: Activation) -> bool:
        """Return whether the answer has a body, which another reader may not accept."""
        try:
            return web_action.response(activation, self.extension).media_type is not None
        except RequestError:
            return False

    def _status(self, activation: Activation, acceptance: Acceptance) -> int:
        try:
            return web_action.response(activation, self.extension, acceptance).status
        except RequestError as error:
            return error.status
