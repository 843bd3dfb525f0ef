"""S3's XML: what is sent, and what is read, without any entity that a sender defines.

Source: Amazon S3 API reference, the syntax of each response.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.sax.saxutils import escape

from starlette.responses import Response

from localops.s3.errors import S3Error
from localops.s3.index import Object

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# XML 1.0 knows no control characters; S3 writes them as references all the same.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class _NoDoctype(TreeBuilder):
    """Builds the tree of a document that declares nothing: without a DOCTYPE no entity can be defined."""

    def doctype(self, name: str, *ids: str | None) -> None:  # noqa: ARG002 - the shape that XMLParser calls
        raise S3Error("MalformedXML", f"A document type such as {name!r} is not allowed.")


def parse(body: bytes) -> Element:
    """Return the root of a document whose elements have lost their namespace.

    Raises:
        S3Error: it is not well-formed, or declares a document type.
    """
    parser = XMLParser(target=_NoDoctype())  # noqa: S314 - NoDoctype leaves nothing to expand or to load
    try:
        parser.feed(body)
        root = parser.close()
    except (ParseError, ValueError, LookupError) as error:  # the latter two: an encoding that it names
        raise S3Error("MalformedXML") from error
    for each in root.iter():
        each.tag = str(each.tag).rpartition("}")[2]
    return root


def text(name: str, value: object) -> str:
    """Return an element that holds text."""
    if isinstance(value, bool):
        value = str(value).lower()
    return f"<{name}>{CONTROL.sub(reference, escape(str(value)))}</{name}>"


def reference(match: re.Match[str]) -> str:
    return f"&#x{ord(match[0]):X};"


def element(name: str, content: Iterable[str]) -> str:
    """Return an element that holds elements."""
    return f"<{name}>{''.join(content)}</{name}>"


def document(
    name: str, content: Iterable[str], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return an answer that is a document."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{_NAMESPACE}">{"".join(content)}</{name}>'
    return Response(body, status, headers, media_type="application/xml")


def error_document(error: S3Error, path: str, request_id: str) -> Response:
    content = [text("Code", error.code), text("Message", error.message), text("Resource", path)]
    body = element("Error", [*content, text("RequestId", request_id)])
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', error.status, media_type="application/xml"
    )


def object_elements(each: Object, encoding: str, owner: str | None) -> str:
    """Return one entry of a listing."""
    parts = [
        text("Key", key_text(each.key, encoding)),
        text("LastModified", iso_time(each.modified_s)),
        text("ETag", f'"{each.etag}"'),
        text("Size", each.size),
        text("StorageClass", "STANDARD"),
    ]
    if owner is not None:
        parts.append(element("Owner", [text("ID", owner), text("DisplayName", owner)]))
    return element("Contents", parts)


def key_text(key: str, encoding: str) -> str:
    """Return a key or prefix as the caller wants it encoded."""
    return quote(key, safe="/-_.~*") if encoding == "url" else key


def iso_time(time_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_s)) + f".{int(time_s % 1 * 1000):03d}Z"


def http_time(time_s: float) -> str:
    return formatdate(time_s, usegmt=True)
