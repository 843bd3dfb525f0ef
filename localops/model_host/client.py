"""What localops itself asks an Ollama: which models it has."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from localops.access.masking import Masking
from localops.errors import LocalopsError
from mastro.providers.ollama.host import OllamaHost

ANSWER_S = 5.0
LONGEST_ERROR = 500


class OllamaError(LocalopsError):
    """A model server did not do what it was asked; the text says why, and no more."""


class Unreachable(OllamaError):
    """Nothing there answers."""


class Refused(OllamaError):
    """It said no, in its own words."""


class BrokenOff(OllamaError):
    """It began to answer and did not end."""


class Ollama:
    """A model server that speaks Ollama's protocol."""

    def __init__(self, address: OllamaHost) -> None:
        self.address = address
        self.masking = Masking(address.secrets)

    def models(self, answer_s: float = ANSWER_S) -> list[str]:
        """The names of the models that it has.

        Args:
            answer_s: how long it may think about it.

        Raises:
            OllamaError: it does not tell.
        """
        with self.ask("/api/tags", answer_s) as answer:
            found = self.members(answer.read()).get("models")
            entries = cast("list[Any]", found) if isinstance(found, list) else []
            return [entry["name"] for entry in entries if isinstance(entry, dict) and "name" in entry]

    def members(self, data: bytes) -> dict[str, Any]:
        """The members of a JSON object."""
        try:
            found = json.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refused(f"what answers at {self.address} does not speak Ollama's protocol")
        return cast("dict[str, Any]", found)

    @contextmanager
    def ask(self, path: str, silence_s: float) -> Generator[http.client.HTTPResponse]:
        to_server = (
            http.client.HTTPSConnection if self.address.scheme == "https" else http.client.HTTPConnection
        )
        connection = to_server(self.address.name, self.address.port, timeout=ANSWER_S)
        try:
            with self.connecting():
                connection.connect()
                connection.sock.settimeout(silence_s)
            with self.listening():
                connection.request("GET", self.address.path + path, headers=self.address.headers)
                answer = connection.getresponse()
                if answer.status != http.HTTPStatus.OK:
                    raise self.refused(answer)
                yield answer
        finally:
            connection.close()

    @contextmanager
    def connecting(self) -> Generator[None]:
        try:
            yield
        except ConnectionRefusedError as error:
            raise Unreachable(f"no Ollama answers at {self.address}") from error
        except TimeoutError as error:
            raise Unreachable(f"{self.address} does not answer within {ANSWER_S:.0f} s") from error
        except socket.gaierror as error:
            raise Unreachable(f"the host {self.address.name} is not known") from error
        except ssl.SSLError as error:
            raise Unreachable(f"{self.address} does not speak https as it should: {error.reason}") from error
        except OSError as error:
            raise Unreachable(f"{self.address} cannot be reached: {error.strerror or error}") from error

    @contextmanager
    def listening(self) -> Generator[None]:
        try:
            yield
        except TimeoutError as error:
            raise BrokenOff(f"{self.address} fell silent") from error
        except (OSError, http.client.HTTPException) as error:
            raise BrokenOff(f"the connection to {self.address} was lost") from error

    def refused(self, answer: http.client.HTTPResponse) -> Refused:
        """Its own words, where they are words; a proxy before it may answer with a page."""
        data = answer.read(LONGEST_ERROR * 10)
        try:
            text = str(json.loads(data)["error"])
        except (ValueError, KeyError, TypeError):
            text = f"{self.address} answered with status {answer.status} {answer.reason}"
        return Refused(self.masking.text(text[:LONGEST_ERROR]))
