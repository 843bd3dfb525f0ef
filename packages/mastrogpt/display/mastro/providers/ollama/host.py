"""Read where the Ollama server is, and the credentials that it wants."""

import base64
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from ...settings import setting
from ..errors import ModelError

OLLAMA_PORT = 11434
DEFAULT_PORTS = {"http": 80, "https": 443}
SETTINGS = ("OLLAMA_HOST", "OLLAMA_PROTO", "AUTH")
_CONTAINER_HOST = "host.docker.internal"
# Servers are told to listen on these; one cannot call them.
_CALLED_AS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class OllamaHost(NamedTuple):
    """An Ollama-compatible server: where it is, and the credentials that it wants.

    As text it is host and port as people write them, without a secret.
    """

    scheme: str
    name: str
    port: int
    path: str = ""
    auth: str = ""

    def __repr__(self) -> str:
        return f"<OllamaHost {self}>"

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header: Basic for `user:password`, Bearer for a bare token, none without AUTH."""
        if not self.auth:
            return {}
        if ":" in self.auth:
            return {"Authorization": "Basic " + base64.b64encode(self.auth.encode()).decode("ascii")}
        return {"Authorization": f"Bearer {self.auth}"}

    @property
    def secrets(self) -> list[str]:
        """What no text may show, though the server may repeat it."""
        sent = self.headers.get("Authorization", "").partition(" ")[2]
        return [text for text in (self.auth, sent, self.auth.partition(":")[2]) if text]

    def hide(self, text: str) -> str:
        """Return a text that came from the server with the credentials blotted out."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

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
    address = settings.get("OLLAMA_HOST", "").strip().rstrip("/")
    if not address:
        raise ModelError(
            "OLLAMA_HOST is not set: set it to the host of an Ollama server, and start or deploy again."
        )
    parts, name, port = _split(address)
    is_near = name == _CONTAINER_HOST or is_loopback(name)
    scheme = settings.get("OLLAMA_PROTO", "").lower() or parts.scheme or ("http" if is_near else "https")
    if scheme not in DEFAULT_PORTS:
        raise ModelError(
            "OLLAMA_PROTO, or the scheme of OLLAMA_HOST, is neither http nor https: correct the setting."
        )
    usual_port = OLLAMA_PORT if is_near and scheme == "http" and not parts.scheme else DEFAULT_PORTS[scheme]
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    auth = settings.get("AUTH", "").strip("\r\n") or login.removeprefix(":")
    if auth:
        _refuse_unsafe(auth, scheme, name)
    return OllamaHost(scheme, name, port or usual_port, parts.path, auth)


def _split(address: str) -> tuple[SplitResult, str, int | None]:
    if address.count(":") > 1 and "[" not in address and "/" not in address and "@" not in address:
        address = f"[{address}]"
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        name, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError as error:
        # The value itself may hold a password, so it stays out of the sentence.
        raise ModelError("OLLAMA_HOST is not a host, host:port or URL: correct the setting.") from error
    return parts, _CALLED_AS.get(name, name), port


def _refuse_unsafe(auth: str, scheme: str, name: str) -> None:
    if scheme == "http" and not is_loopback(name):
        raise ModelError(
            f"AUTH is not sent to {name} over plain http, where others could read it: "
            "use https for OLLAMA_HOST, or leave AUTH empty."
        )
    is_sendable = auth.isascii() and auth.isprintable() and " " not in auth
    if ":" not in auth and not is_sendable:
        raise ModelError("AUTH holds characters that a header cannot carry: correct the setting.")


def is_loopback(name: str) -> bool:
    """Return whether a host's name can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
