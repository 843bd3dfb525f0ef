"""Media types as OpenWhisk's HTTP server groups them: text, JSON, and the rest, which travels as base64.

Source: pekko-http MediaType.scala, CommonActions.scala: a type is text when it is in the server's table as
such, or when it is in no table and names a charset.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# Its charset is fixed, so it is not named.
_EVENTS = "text/event-stream"
_FORMAT = re.compile(r"\s*([\w!#$%&'*+.^`|~-]+)/([\w!#$%&'*+.^`|~-]+)\s*((?:;.*)?)", re.ASCII | re.DOTALL)
_TEXT_TYPES = re.compile(
    "text/(asp|cache-manifest|calendar|css|csv|event-stream|html|markdown|mcf|plain|richtext|tab-separated-values"
    "|uri-list|vnd.wap.wml|vnd.wap.wmlscript|x-asm|x-c|x-component|x-h|x-java-source|x-pascal"
    "|x-script(csh|elisp|ksh|lisp|perl|perl-module|phyton|rexx|scheme|sh|tcl|tcsh|zsh)?"
    "|x-server-parsed-html|x-setext|x-sgml|x-speech|x-uuencode|x-vcalendar|x-vcard|xml)"
    "|application/(atom[+]xml|base64|javascript|problem[+]xml|rss[+]xml|soap[+]xml|vnd.google-earth.kml[+]xml"
    "|x-latex|x-vrml|xhtml[+]xml|xml|xml-dtd)"
)
_JSON_TYPES = re.compile(
    "application/(json|json-patch[+]json|merge-patch[+]json|problem[+]json|vnd.api[+]json)"
)


@dataclass(frozen=True)
class MediaType:
    """A media type without its charset; `parameters` are the others, as written, each after `; `."""

    main: str
    sub: str
    parameters: str = ""
    names_charset: bool = False

    @property
    def value(self) -> str:
        return f"{self.main}/{self.sub}"

    @property
    def is_json(self) -> bool:
        """Return whether any JSON value may be sent as this type."""
        return self.value == JSON or self.value.endswith("+json")

    @property
    def is_json_text(self) -> bool:
        """Return whether text is sent as this type: an unknown `+json` type counts as binary."""
        return _JSON_TYPES.fullmatch(self.value) is not None

    @property
    def is_text(self) -> bool:
        """Return whether it is text of a charset that may vary."""
        if _TEXT_TYPES.fullmatch(self.value):
            return True
        return (
            self.names_charset and self.main != "multipart" and not self.is_json_text and self.value != FORM
        )

    def header(self) -> str:
        """Return the value of Content-Type: text is always UTF-8, whatever charset was named."""
        says_charset = self.is_text and self.value != _EVENTS
        return f"{self.value}{self.parameters}{'; charset=UTF-8' if says_charset else ''}"


JSON_TYPE = MediaType("application", "json")


def parse(text: str) -> MediaType | None:
    """Return the media type of a Content-Type value; None when it is malformed."""
    match = _FORMAT.fullmatch(text)
    if match is None:
        return None
    parts = [part.strip() for part in match[3].split(";") if part.strip()]
    others = [part for part in parts if not part.lower().startswith("charset=")]
    return MediaType(
        match[1].lower(),
        match[2].lower(),
        "".join(f"; {part}" for part in others),
        names_charset=len(others) < len(parts),
    )
