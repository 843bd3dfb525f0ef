"""Read where a server is that speaks OpenAI's protocol."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ...settings import setting
from ..errors import ModelError
from ..server import DEFAULT_PORTS, Server, is_near, read_address, refuse_readable, refuse_unsendable

CHAT_PATH = "/chat/completions"
# Where a base address has no path.
USUAL_PATH = "/v1"


class OpenAIServer(Server):
    """A server at BASE_URL, with API_KEY as its bearer token."""

    address_setting: ClassVar[str] = "BASE_URL"
    key_setting: ClassVar[str] = "API_KEY"


def openai_server(args: Mapping[str, Any]) -> OpenAIServer:
    """Read BASE_URL, with or without `/v1`, and API_KEY.

    Raises:
        ModelError: a setting is unusable, or the key would travel readable over a network.
    """
    address = read_address(setting(args, "BASE_URL"), "BASE_URL")
    scheme = address.scheme or ("http" if is_near(address.name) else "https")
    if scheme not in DEFAULT_PORTS:
        raise ModelError("The scheme of BASE_URL is neither http nor https: correct the setting.")
    path = address.parts.path.removesuffix(CHAT_PATH) or USUAL_PATH
    key = setting(args, "API_KEY")
    server = OpenAIServer(scheme, address.name, address.port or DEFAULT_PORTS[scheme], path, key)
    refuse_readable(server)
    refuse_unsendable(server)
    return server
