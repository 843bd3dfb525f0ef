"""Ask an Ollama, for localops itself, which models it has."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from localops.access.masking import Masking
from localops.errors import LocalopsError
from localops.reading import json_value
from mastro.providers.ollama.host import OllamaHost

_ANSWER_S = 5.0
_MAX_ERROR = 500


class OllamaError(LocalopsError):
    """A model server did not do what it was asked; the text is the reason and no more."""


class Unreachable(OllamaError):
    """Nothing answers at the address."""


class _Refused(OllamaError):
    """It refused, in its own words."""


class _BrokenOff(OllamaError):
    """It began to answer and did not end."""


class Ollama:
    """A model server that speaks Ollama's protocol."""

    def __init__(self, address: OllamaHost) -> None:
        self.address = address
        self._masking = Masking(address.secrets)

    def models(self, answer_s: float = _ANSWER_S) -> list[str]:
        """Return the names of the models that it has.

        Args:
            answer_s: how long it may think about it.

        Raises:
            OllamaError: it does not answer.
        """
        with self._ask("/api/tags", answer_s) as answer:
            found = self._members(answer.read()).get("models")
            entries = cast("list[Any]", found) if isinstance(found, list) else []
            return [entry["name"] for entry in entries if isinstance(entry, dict) and "name" in entry]

    def _members(self, data: bytes) -> dict[str, Any]:
        """Return the members of a JSON object."""
        try:
            found = json_value.read(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _Refused(f"what answers at {self.address} does not speak Ollama's protocol")
        return cast("dict[str, Any]", found)

    @contextmanager
    def _ask(self, path: str, silence_s: float) -> Generator[http.client.HTTPResponse]:
        to_server = (
            http.client.HTTPSConnection if self.address.scheme == "https" else http.client.HTTPConnection
        )
        connection = to_server(self.address.name, self.address.port, timeout=_ANSWER_S)
        try:
            with self._connecting():
                connection.connect()
                connection.sock.settimeout(silence_s)
            with self._listening():
                connection.request("GET", self.address.path + path, headers=self.address.headers)
                answer = connection.getresponse()
                if answer.status != http.HTTPStatus.OK:
                    raise self._refused(answer)
                yield answer
        finally:
            connection.close()

    @contextmanager
    def _connecting(self) -> Generator[None]:
        try:
            yield
        except ConnectionRefusedError as error:
            raise Unreachable(f"no Ollama answers at {self.address}") from error
        except TimeoutError as error:
            raise Unreachable(f"{self.address} does not answer within {_ANSWER_S:.0f} s") from error
        except socket.gaierror as error:
            raise Unreachable(f"the host {self.address.name} is not known") from error
        except ssl.SSLError as error:
            raise Unreachable(f"{self.address} does not speak https as it should: {error.reason}") from error
        except OSError as error:
            raise Unreachable(f"{self.address} cannot be reached: {error.strerror or error}") from error

    @contextmanager
    def _listening(self) -> Generator[None]:
        try:
            yield
        except TimeoutError as error:
            raise _BrokenOff(f"{self.address} fell silent") from error
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOff(f"the connection to {self.address} was lost") from error

    def _refused(self, answer: http.client.HTTPResponse) -> _Refused:
        """Return its refusal in its own words; a proxy before it may answer with a page instead."""
        data = answer.read(_MAX_ERROR * 10)
        try:
            text = str(json_value.read(data)["error"])
        except (ValueError, KeyError, TypeError):
            text = f"{self.address} answered with status {answer.status} {answer.reason}"
        return _Refused(self._masking.text(text[:_MAX_ERROR]))
