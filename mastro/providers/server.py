"""Where a model server is, and how a request to it is signed."""

import re
from ipaddress import ip_address
from typing import ClassVar, NamedTuple
from urllib.parse import SplitResult, urlsplit

from .errors import ModelError

HIDDEN = "***"
_MIN_WITHIN_WORDS = 6
# What the guides of servers without a key say to set in place of one.
PLACEHOLDERS = ("dummy", "empty", "lm-studio", "none", "not-needed", "ollama", "sk-no-key-required")
DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTAINER_HOST = "host.docker.internal"
# Servers are told to listen on these; one cannot call them.
_CALLED_AS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class Server:
    """A model server. As text it is host and port as people write them, without a secret.

    Args:
        path: what stands before the paths of its protocol.
        auth: the secret that it wants, "" for none.

    Attributes:
        address_setting: where people say where it is.
        key_setting: where people say the secret; "" where there is none.
    """

    address_setting: ClassVar[str]
    key_setting: ClassVar[str]

    def __init__(self, scheme: str, name: str, port: int, path: str = "", auth: str = "") -> None:
        self.scheme = scheme
        self.name = name
        self.port = port
        self.path = path
        self.auth = auth

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.scheme, self.name, self.port, self.path, self.auth))

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def title(self) -> str:
        """What it is called at the beginning of a sentence."""
        return f"The model server at {self}"

    @property
    def name_in_text(self) -> str:
        """What it is called within a sentence."""
        return f"the model server at {self}"

    @property
    def how_to_reach(self) -> str:
        """What to do when it cannot be reached."""
        return f"check that it runs and that {self.address_setting} is right"

    @property
    def is_local(self) -> bool:
        """Whether what is sent to it stays on this machine."""
        return is_near(self.name)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that carry the secret."""
        return {"Authorization": f"Bearer {self.auth}"} if self.auth else {}

    @property
    def secrets(self) -> list[str]:
        """What no text may show, though the server may repeat it."""
        return [self.auth] if self.auth and self.auth.lower() not in PLACEHOLDERS else []

    def hide(self, text: str) -> str:
        """Return a text that came from the server with the secrets blotted out.

        Short ones only where they are a word of their own: else they would tear others apart.
        """
        for secret in self.secrets:
            if len(secret) >= _MIN_WITHIN_WORDS:
                text = text.replace(secret, HIDDEN)
            else:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
        return text


class Address(NamedTuple):
    """What a setting says of a server's place.

    Attributes:
        scheme: "" where the setting has none.
        port: None where the setting has none.
    """

    scheme: str
    name: str
    port: int | None
    parts: SplitResult


def read_address(text: str, setting: str) -> Address:
    """Read a host, `host:port` or URL.

    Raises:
        ModelError: it is none of these.
    """
    text = text.strip().rstrip("/")
    if text.count(":") > 1 and "[" not in text and "/" not in text and "@" not in text:
        text = f"[{text}]"
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        name, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError as error:
        # The value itself may hold a password, so it stays out of the sentence.
        raise ModelError(f"{setting} is not a host, host:port or URL: correct the setting.") from error
    return Address(parts.scheme, _CALLED_AS.get(name, name), port, parts)


def refuse_readable(server: Server) -> None:
    """Refuse to send a secret where others could read it.

    Raises:
        ModelError: with what to change.
    """
    if server.auth and server.scheme == "http" and not is_loopback(server.name):
        raise ModelError(
            f"{server.key_setting} is not sent to {server.name} over plain http, where others could read it: "
            f"use https for {server.address_setting}, or leave {server.key_setting} empty."
        )


def refuse_unsendable(server: Server) -> None:
    """Refuse a secret that no header can carry.

    Raises:
        ModelError: with what to change.
    """
    if not (server.auth.isascii() and server.auth.isprintable() and " " not in server.auth):
        raise ModelError(
            f"{server.key_setting} holds characters that a header cannot carry: correct the setting."
        )


def is_near(name: str) -> bool:
    """Return whether a host's name means this machine, or the one that this container runs on."""
    return name == _CONTAINER_HOST or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Return whether a host's name can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
