"""Where a model server is, by OLLAMA_HOST, OLLAMA_PROTO and AUTH, read as the chats in `packages/` do."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from localops.errors import LocalopsError

OLLAMA_PORT = 11434
DEFAULT_PORTS = {"http": 80, "https": 443}
# Servers are told to listen on these; one cannot call them.
CALLED_AS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class AddressError(LocalopsError):
    """The settings name no model server that can be asked."""


@dataclass(frozen=True)
class Address:
    """A model server, and what opens it."""

    scheme: str
    name: str
    port: int
    path: str = ""
    auth: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Host and port as people write them; holds no secret."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header: Basic for `user:password`, Bearer for a token, none without either."""
        if not self.auth:
            return {}
        if ":" in self.auth:
            return {"Authorization": "Basic " + base64.b64encode(self.auth.encode()).decode()}
        return {"Authorization": f"Bearer {self.auth}"}

    @property
    def secrets(self) -> list[str]:
        """What no text may show, though the server may repeat it."""
        sent = self.headers.get("Authorization", "").partition(" ")[2]
        return [text for text in (self.auth, self.auth.partition(":")[2], sent) if text]


OLLAMA_HERE = Address("http", "127.0.0.1", OLLAMA_PORT)


def read_address(settings: Mapping[str, str]) -> Address:
    """Read OLLAMA_HOST (`host`, `host:port` or a URL), OLLAMA_PROTO and AUTH; empty counts as not set.

    Without a scheme it is https, except http for this machine, where the port is Ollama's own unless given.

    Raises:
        AddressError: a setting is unusable, or AUTH would travel readable over a network.
    """
    parts, name, port = split(settings.get("OLLAMA_HOST", "").strip().rstrip("/"))
    here = name == "host.docker.internal" or is_loopback(name)
    scheme = settings.get("OLLAMA_PROTO", "").lower() or parts.scheme or ("http" if here else "https")
    if scheme not in DEFAULT_PORTS:
        raise AddressError("OLLAMA_HOST and OLLAMA_PROTO know only http and https; correct the setting")
    usual_port = OLLAMA_PORT if here and scheme == "http" and not parts.scheme else DEFAULT_PORTS[scheme]
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    auth = settings.get("AUTH", "").strip("\r\n") or login.removeprefix(":")
    if auth and scheme == "http" and not is_loopback(name):
        raise AddressError(
            f"AUTH is not sent to {name} over plain http, where others could read it; "
            "use https for OLLAMA_HOST, or leave AUTH empty"
        )
    return Address(scheme, name, port or usual_port, parts.path, auth)


def split(text: str) -> tuple[SplitResult, str, int | None]:
    if text.count(":") > 1 and not {"[", "/", "@"} & set(text):
        text = f"[{text}]"
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        name, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError as error:
        # The value itself may hold a password, so it stays out of the sentence.
        raise AddressError("OLLAMA_HOST is no host, host:port or URL; correct the setting") from error
    return parts, CALLED_AS.get(name, name), port


def is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
