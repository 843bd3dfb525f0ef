"""Invoke an action again as it was invoked before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localops.deployment.registry import Registry
from localops.errors import RequestError
from localops.openwhisk.entities import Action, Activation
from localops.streaming.session import Streams, StreamSession
from localops.streaming.web_call import WebCall

_STREAM_ADDRESS = ("STREAM_HOST", "STREAM_PORT")


def replay(registry: Registry, streams: Streams, activation: Activation) -> Activation:
    """Start the action as it is deployed now, with what the caller gave it then.

    A streamed activation is streamed again, to nobody.

    Raises:
        RequestError: 404, the action is no longer deployed.
    """
    action = registry.find(activation.action.package, activation.action.name)
    if action is None:
        raise RequestError(404, f"{activation.action.path} is no longer deployed, so it cannot run again.")
    arguments = _renewed(activation, action)
    recording = streams.recordings.get(activation.id)
    if recording is None:
        again = Activation(action, arguments)
        streams.runner.start(again)
        return again
    listener = streams.open_listener()
    again = Activation(action, {**arguments, **listener.address()})
    session = streams.start(listener, again, WebCall() if recording.web else None)
    streams.runner.start_task(_read_to_the_end(session))
    return session.activation


def _renewed(activation: Activation, action: Action) -> dict[str, Any]:
    """Return the caller's arguments of then, and the action's parameters of now."""
    return {**action.parameters, **_given(activation.arguments, activation.action.parameters)}


def _given(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that the caller gave: those that are not the action's own parameters."""
    return {
        name: value
        for name, value in arguments.items()
        if name not in _STREAM_ADDRESS and (name not in parameters or parameters[name] != value)
    }


async def _read_to_the_end(session: StreamSession) -> None:
    try:
        while await session.read():
            pass
    finally:
        session.leave()
