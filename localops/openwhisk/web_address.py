"""Read the address of a web action: namespace, package, action, extension, and what follows.

Source: apache/openwhisk WebActions.scala; apache/openserverless-streamer src/handlers/{helpers,
web_action_handler}.go for the address that the streamer asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from localops.errors import RequestError

EXTENSIONS = ("http", "json", "html", "svg", "text")
NO_PACKAGE = "default"
# What may stand unescaped in a path. Source: pekko-http Uri.scala.
_PATH_CHARACTERS = "/:@!$&'()*+,;=~"
_NOT_IN_URLS = re.compile(r"[\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class WebAddress:
    """The address of a web action.

    Attributes:
        extension: one of EXTENSIONS, `http` where the address has none of them.
        path: what follows, as the action gets it in `__ow_path`: "" or with a slash in front.
        query: without its question mark.
    """

    namespace: str
    package: str
    action: str
    extension: str = "http"
    path: str = ""
    query: str = ""


def split_extension(name: str) -> tuple[str, str]:
    """Split the last segment of an address into the action's name and the extension."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, suffix) if dot and suffix in EXTENSIONS else (name, "http")


def escaped_path(path: str | None) -> str:
    """Return `__ow_path` for what follows the action's name and a slash, decoded; None: nothing follows."""
    return "" if path is None else f"/{quote(path, _PATH_CHARACTERS)}"


def streamed_address(namespace: str, *names: str) -> WebAddress | None:
    """Return the address that production's streamer asks for a streamed request; None where no action can be.

    It puts the segments of its own address, decoded, into the text of the next one. So `%3F` in a segment
    begins a query there and `%2F` the next segment: a way to hand an action arguments and a path.

    Args:
        names: the package and the action, or the action alone.

    Raises:
        RequestError: 500, the next address cannot be parsed.
    """
    name = "/".join(names)
    text = f"{namespace}/{name if '/' in name else f'{NO_PACKAGE}/{name}'}"
    if malformed := _NOT_IN_URLS.search(text):
        raise RequestError(500, f"The address cannot be passed on: {malformed[0]!r} is not allowed in it.")
    address, _, query = text.partition("#")[0].partition("?")
    segments = [unquote(segment) for segment in address.split("/", 3)]
    if len(segments) < 3 or not all(segments[:3]):
        return None
    action, extension = split_extension(segments[2])
    path = escaped_path(segments[3] if len(segments) > 3 else None)
    return WebAddress(segments[0], segments[1], action, extension, path, query)
