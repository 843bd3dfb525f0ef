"""The model server that is there for the actions, and what people read about it."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from localops.access.login_answer import NOWHERE
from localops.model_host.address import OLLAMA_HERE, AddressError, read_address
from localops.model_host.settings import ADDRESSES, other_default
from localops.project.variables import Variable
from mastro.providers.configured import Providers
from mastro.providers.errors import ModelError
from mastro.providers.ollama.host import OllamaHost
from mastro.providers.server import is_loopback

_SETTINGS = ("OLLAMA_HOST", "OLLAMA_PROTO", "AUTH")
_OLLAMA_ANSWER = b"Ollama is running"
_LOOK_S = 0.5


@dataclass(frozen=True)
class ModelHost:
    """A model server and what to tell people about it.

    Attributes:
        variables: what actions get to reach it: OLLAMA_HOST, empty when another server is the default one,
            OLLAMA_PROTO and CHAT_NOTICE.
        line: one line for the console.
    """

    variables: Mapping[str, str]
    line: str

    @property
    def login(self) -> dict[str, str]:
        """What a login gives of it.

        Actions that were deployed with `ops` send it the key of this server, as in a cluster: a model server
        of another machine must not get that, nor one that `packages/.env` names for a deployment elsewhere.
        """
        try:
            host = read_address({name: self.variables[name] for name in ("OLLAMA_HOST", "OLLAMA_PROTO")})
        except AddressError:
            host = None
        if host is None or not is_loopback(host.name):
            return {"OLLAMA_HOST": NOWHERE, "OLLAMA_PROTO": "https"}
        return {"OLLAMA_HOST": self.variables["OLLAMA_HOST"], "OLLAMA_PROTO": host.scheme}


def chosen_by_person(variables: Mapping[str, Variable]) -> ModelHost | None:
    """Return the server that OLLAMA_HOST names.

    Args:
        variables: see `layers_of_desk`; what `packages/.env` names is a deployment's, not the desk's.
    """
    host = variables.get("OLLAMA_HOST")
    if host is None or not host.value:
        return None
    proto = variables.get("OLLAMA_PROTO")
    given = {"OLLAMA_HOST": host.value, "OLLAMA_PROTO": proto.value if proto else "", "CHAT_NOTICE": ""}
    return ModelHost(given, f"model: {host.value} (OLLAMA_HOST from {host.source})")


def other_of_person(variables: Mapping[str, Variable]) -> ModelHost | None:
    """Return what there is when another server than an Ollama is to answer by default: no Ollama at all.

    Args:
        variables: see `layers_of_desk`.
    """
    name = other_default(variables)
    if name is None:
        return None
    place = ADDRESSES[name]
    given = {"OLLAMA_HOST": "", "OLLAMA_PROTO": "", "CHAT_NOTICE": ""}
    try:
        provider = Providers({key: each.value for key, each in variables.items()}).get(name)
    except ModelError as error:
        return ModelHost(given, f"model: {place} from {variables[place].source} cannot be used: {error}")
    where = f"{provider.title} at {provider.server}"
    return ModelHost(given, f"model: {where} ({place} from {variables[place].source})")


def address_of_desk(variables: Mapping[str, Variable]) -> OllamaHost:
    """Return where the person's own model server is: at OLLAMA_HOST, else where Ollama usually is.

    Raises:
        AddressError: the settings are unusable.
    """
    found = {name: variables[name].value for name in _SETTINGS if name in variables}
    return read_address(found) if found.get("OLLAMA_HOST") else OLLAMA_HERE


def ollama_of_this_machine(address: OllamaHost = OLLAMA_HERE) -> ModelHost | None:
    """Return the Ollama that answers at its usual address, or None."""
    connection = http.client.HTTPConnection(address.name, address.port, timeout=_LOOK_S)
    try:
        connection.request("GET", "/")
        if connection.getresponse().read(100) != _OLLAMA_ANSWER:
            return None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    given = {"OLLAMA_HOST": str(address), "OLLAMA_PROTO": address.scheme, "CHAT_NOTICE": ""}
    return ModelHost(given, f"model: the Ollama of this machine, at {address}")
