"""Say where the model server is and what opens it.

Shared by copy: edit packages/chat/stateless/ollama_host.py only, then run `python3 -m localops sync`.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

OLLAMA_PORT = 11434
DEFAULT_PORTS = {"http": 80, "https": 443}
CONTAINER_HOST = "host.docker.internal"


class ModelError(Exception):
    """The model cannot answer; the text is one sentence for the person who asked, free of secrets."""


@dataclass(frozen=True)
class OllamaHost:
    """An Ollama-compatible server: where it is, and the credentials that it wants."""

    scheme: str
    name: str
    port: int
    path: str = ""
    auth: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Host and port as people write them; holds no secret."""
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

    def hide(self, text: str) -> str:
        """Blot the credentials out of a text that came from the server, which may repeat them."""
        password = self.auth.partition(":")[2]
        sent = self.headers.get("Authorization", "").partition(" ")[2]
        for secret in filter(None, (self.auth, sent, password)):
            text = text.replace(secret, "***")
        return text

    def url(self, path: str, *, with_login: bool = False) -> str:
        """Give the URL of a path; with `user:password` in it, percent-encoded, it is a secret."""
        user, colon, password = self.auth.partition(":")
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if colon and with_login else ""
        return f"{self.scheme}://{login}{self.address}{self.path}{path}"


def setting(args: Mapping[str, Any], name: str) -> str:
    """Give a setting from the arguments, else from the environment; an empty one counts as unset."""
    # `wsk` turns a parameter such as 12345 into a number, hence the str.
    return str(args.get(name) or os.environ.get(name) or "").strip("\r\n")


def ollama_host(args: Mapping[str, Any]) -> OllamaHost:
    """Read OLLAMA_HOST (`host`, `host:port` or a URL), OLLAMA_PROTO and AUTH.

    Without a scheme it is https, except http for this machine, where the port is Ollama's own unless given.

    Raises:
        ModelError: a setting is missing or unusable, or AUTH would travel readable over a network.
    """
    address = setting(args, "OLLAMA_HOST").strip().rstrip("/")
    if not address:
        raise ModelError(
            "OLLAMA_HOST is not set: set it to the host of an Ollama server, and start or deploy again."
        )
    parts, name, port = _split(address)
    is_near = name == CONTAINER_HOST or _is_loopback(name)
    scheme = setting(args, "OLLAMA_PROTO").lower() or parts.scheme or ("http" if is_near else "https")
    if scheme not in DEFAULT_PORTS:
        raise ModelError(
            "OLLAMA_PROTO, or the scheme of OLLAMA_HOST, is neither http nor https: correct the setting."
        )
    usual_port = OLLAMA_PORT if is_near and scheme == "http" and not parts.scheme else DEFAULT_PORTS[scheme]
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    auth = setting(args, "AUTH") or login.removeprefix(":")
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
    # Servers are told to listen on these; one cannot call them.
    return parts, {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name), port  # noqa: S104


def _refuse_unsafe(auth: str, scheme: str, name: str) -> None:
    if scheme == "http" and not _is_loopback(name):
        raise ModelError(
            f"AUTH is not sent to {name} over plain http, where others could read it: "
            "use https for OLLAMA_HOST, or leave AUTH empty."
        )
    is_sendable = auth.isascii() and auth.isprintable() and " " not in auth
    if ":" not in auth and not is_sendable:
        raise ModelError("AUTH holds characters that a header cannot carry: correct the setting.")


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
