"""Read where a model server is, by OLLAMA_HOST, OLLAMA_PROTO and AUTH, as the chats do."""

from __future__ import annotations

from collections.abc import Mapping

from localops.errors import LocalopsError
from mastro.providers.errors import ModelError
from mastro.providers.ollama.host import OLLAMA_PORT, OllamaHost, read_host

OLLAMA_HERE = OllamaHost("http", "127.0.0.1", OLLAMA_PORT)


class AddressError(LocalopsError):
    """The settings do not name a model server that can be asked."""


def read_address(settings: Mapping[str, str]) -> OllamaHost:
    """Read the model server from OLLAMA_HOST, OLLAMA_PROTO and AUTH.

    Raises:
        AddressError: a setting is missing or unusable, or AUTH would travel readable over a network.
    """
    try:
        return read_host(settings)
    except ModelError as error:
        raise AddressError(str(error)) from error
