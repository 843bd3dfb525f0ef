"""Make text of others harmless before it reaches a terminal."""

from __future__ import annotations

import re
from typing import TextIO

# All that a terminal obeys or that changes the order of what it shows, but for tabs and line feeds; and
# halves of characters, which cannot be written at all.
# Source: ECMA-48 (C0, C1); Unicode, the explicit directional formatting characters; line separators.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MAX_QUOTED = 80


def harmless(text: str) -> str:
    r"""Return a text whose control characters are shown (an escape as `\x1b`) instead of obeyed."""
    return _UNSAFE.sub(_shown, text)


def shown_on(stream: TextIO, text: str) -> str:
    """Return a text as it may be written there: harmless on a terminal, as it is in a file or a pipe."""
    return harmless(text) if stream.isatty() else text


def one_line(text: str) -> str:
    r"""Return a harmless text whose line feeds and tabs are shown too, as `\n` and `\t`."""
    return harmless(text).replace("\n", r"\n").replace("\t", r"\t")


def quoted(text: str) -> str:
    """Return a text as a sentence quotes it: harmless, and not so long that the sentence is lost."""
    shown = repr(text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…")
    return harmless(shown)


def _shown(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
