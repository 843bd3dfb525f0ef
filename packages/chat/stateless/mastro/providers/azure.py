"""Azure OpenAI: OpenAI's protocol by deployments, with a key in a header of its own.

Source: Microsoft's REST reference of Azure OpenAI, dated versions and v1.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, quote, unquote

from ..settings import setting
from .errors import ModelError, NotOffered
from .failures import refusal
from .openai.provider import MODELS, OpenAI
from .openai.server import CHAT_PATH
from .provider import Ask, Request
from .server import DEFAULT_PORTS, Server, read_address, refuse_readable, refuse_unsendable

if TYPE_CHECKING:
    from .openai.errors import Told

V1_PATH = "/openai/v1"
# What stands for the route without a date.
_UNDATED = ("v1", "preview", "latest")
_PASTED = re.compile(r"/openai(?:/v1)?(?:/deployments/(?P<deployment>[^/]+))?(?:/.*)?\Z")


class AzureServer(Server):
    """An Azure OpenAI resource.

    Attributes:
        deployments: the names of what may be asked; the first is the default.
        version: the date of the protocol; "" for v1.
    """

    address_setting: ClassVar[str] = "AZURE_OPENAI_ENDPOINT"
    key_setting: ClassVar[str] = "AZURE_OPENAI_API_KEY"

    def __init__(self, scheme: str, name: str, port: int, path: str, auth: str) -> None:
        super().__init__(scheme, name, port, path, auth)
        self.deployments: tuple[str, ...] = ()
        self.version = ""

    @property
    def title(self) -> str:
        return "Azure OpenAI"

    @property
    def name_in_text(self) -> str:
        return "Azure OpenAI"

    @property
    def how_to_reach(self) -> str:
        return "check AZURE_OPENAI_ENDPOINT, and that this machine is online"

    @property
    def headers(self) -> dict[str, str]:
        return {"api-key": self.auth} if self.auth else {}


class Azure(OpenAI):
    """An Azure OpenAI resource; its models are the deployments that the settings name."""

    name = "azure"
    title = "Azure OpenAI"

    def __init__(self, server: AzureServer) -> None:
        super().__init__(server, server.deployments[0] if server.deployments else "")
        self._azure = server

    def path(self, model: str) -> str:
        version = self._azure.version
        if not version:
            return V1_PATH + CHAT_PATH
        return f"/openai/deployments/{quote(model, safe='')}{CHAT_PATH}?api-version={quote(version, safe='')}"

    def models(self, ask: Ask) -> list[str]:
        """Return what the settings name: a key gives no list of deployments."""
        return list(self._azure.deployments)

    def models_when_there(self, ask: Ask) -> list[str]:
        """Return what the settings name, when the resource tells its base models."""
        version = self._azure.version
        path = f"/openai{MODELS}?api-version={quote(version, safe='')}" if version else V1_PATH + MODELS
        with suppress(NotOffered):
            ask(Request(path))
        return self.models(ask)

    def refused(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        if status == 401:
            return ModelError(
                "Azure OpenAI refused the key (401): check AZURE_OPENAI_API_KEY and that "
                "AZURE_OPENAI_ENDPOINT is of the same resource.",
                "key",
                brief="refused the key (401)",
            )
        from .openai.errors import told  # only what fails needs it, and a cold process starts sooner

        found = told(status, headers, body)
        if status == 404 and found.code != "deploymentnotfound":
            return refusal(self.server, status, found.message)
        return super().refused(request, status, headers, body)

    def missing(self, model: str, found: "Told") -> ModelError:
        return ModelError(
            f"There is no deployment {model} at {self.server}: "
            "AZURE_OPENAI_DEPLOYMENT wants the deployment's name, not the model's.",
            "missing",
            brief=f"has no deployment {model}",
        )

    @property
    def whose_filter(self) -> str:
        return "Azure's content filter"


def azure_server(args: Mapping[str, Any]) -> AzureServer:
    """Read AZURE_OPENAI_ENDPOINT, as it is or as it is pasted from the portal, and what goes with it.

    Raises:
        ModelError: a setting is unusable, or the key would travel readable over a network.
    """
    address = read_address(setting(args, "AZURE_OPENAI_ENDPOINT"), "AZURE_OPENAI_ENDPOINT")
    scheme = address.scheme or "https"
    if scheme not in DEFAULT_PORTS:
        raise ModelError(
            "The scheme of AZURE_OPENAI_ENDPOINT is neither http nor https: correct the setting."
        )
    pasted = _PASTED.search(address.parts.path)
    named = setting(args, "AZURE_OPENAI_DEPLOYMENT") or unquote((pasted and pasted["deployment"]) or "")
    version = setting(args, "AZURE_OPENAI_API_VERSION") or _version(address.parts.query)
    path = address.parts.path[: pasted.start()] if pasted else address.parts.path
    server = AzureServer(
        scheme,
        address.name,
        address.port or DEFAULT_PORTS[scheme],
        path.rstrip("/"),
        setting(args, "AZURE_OPENAI_API_KEY"),
    )
    server.deployments = tuple(filter(None, (name.strip() for name in named.split(","))))
    server.version = "" if version in _UNDATED else version
    refuse_readable(server)
    refuse_unsendable(server)
    return server


def _version(query: str) -> str:
    return next(iter(parse_qs(query).get("api-version", ())), "")
