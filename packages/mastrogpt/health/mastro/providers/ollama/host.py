"""Read where the Ollama server is, and the credentials that it wants."""

import base64
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from ...settings import setting
from ..errors import ModelError
from ..server import DEFAULT_PORTS, Server, is_near, read_address, refuse_readable, refuse_unsendable

OLLAMA_PORT = 11434
SETTINGS = ("OLLAMA_HOST", "OLLAMA_PROTO", "AUTH")


class OllamaHost(Server):
    """An Ollama-compatible server: where it is, and the credentials that it wants."""

    address_setting: ClassVar[str] = "OLLAMA_HOST"
    key_setting: ClassVar[str] = "AUTH"

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header: Basic for `user:password`, Bearer for a bare token, none without AUTH."""
        if ":" not in self.auth:
            return super().headers
        return {"Authorization": "Basic " + base64.b64encode(self.auth.encode()).decode("ascii")}

    @property
    def secrets(self) -> list[str]:
        sent = self.headers.get("Authorization", "").partition(" ")[2]
        return [text for text in (self.auth, sent, self.auth.partition(":")[2]) if text]

    def url(self, path: str, *, with_login: bool = False) -> str:
        """Return the URL of a path; with `user:password` in it, percent-encoded, it is a secret."""
        user, colon, password = self.auth.partition(":")
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if colon and with_login else ""
        return f"{self.scheme}://{login}{self}{self.path}{path}"


def ollama_host(args: Mapping[str, Any]) -> OllamaHost:
    """Read the server from the arguments of an action, else from the environment.

    Raises:
        ModelError: as `read_host`.
    """
    return read_host({name: setting(args, name) for name in SETTINGS})


def read_host(settings: Mapping[str, str]) -> OllamaHost:
    """Read OLLAMA_HOST (`host`, `host:port` or a URL), OLLAMA_PROTO and AUTH.

    Without a scheme it is https, except http for this machine, where the port is Ollama's own unless given.

    Raises:
        ModelError: a setting is missing or unusable, or AUTH would travel readable over a network.
    """
    text = settings.get("OLLAMA_HOST", "").strip().rstrip("/")
    if not text:
        raise ModelError(
            "OLLAMA_HOST is not set: set it to the host of an Ollama server, and start or deploy again."
        )
    address = read_address(text, "OLLAMA_HOST")
    near = is_near(address.name)
    scheme = settings.get("OLLAMA_PROTO", "").lower() or address.scheme or ("http" if near else "https")
    if scheme not in DEFAULT_PORTS:
        raise ModelError(
            "OLLAMA_PROTO, or the scheme of OLLAMA_HOST, is neither http nor https: correct the setting."
        )
    usual_port = OLLAMA_PORT if near and scheme == "http" and not address.scheme else DEFAULT_PORTS[scheme]
    parts = address.parts
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    auth = settings.get("AUTH", "").strip("\r\n") or login.removeprefix(":")
    host = OllamaHost(scheme, address.name, address.port or usual_port, parts.path, auth)
    refuse_readable(host)
    if ":" not in auth:  # else it is sent as Base64
        refuse_unsendable(host)
    return host
