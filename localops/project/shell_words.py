"""Split a text into words as npm's shell-quote does for the deployer.

Anything that is not a plain word is dropped in silence there: operators, globs, and a comment to the end.
"""

from __future__ import annotations

import re

# One word or operator of shell-quote: quoted parts, escapes and plain text run together.
_TOKEN = re.compile(
    r"""(?P<operator>\|\||&&|;;|\|&|<\(|<<<|>>|>&|<&|[&;()|<>])
      | (?P<word>(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s'"&;()|<>\\\#]|\\|['"])+)
      | (?P<comment>\#.*)""",
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|\\.|[^\\"\']+|.', re.DOTALL)


def words(text: str) -> list[str]:
    """Return the plain words of a text; operators, globs and a comment to the end are dropped."""
    found: list[str] = []
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "comment":
            break
        if token.lastgroup == "word" and not _is_glob(token[0]):
            found.append("".join(_plain(part) for part in _PART.findall(token[0])))
    return found


def _is_glob(word: str) -> bool:
    return any(
        not part.startswith(('"', "'", "\\")) and re.search(r"[*?]", part) for part in _PART.findall(word)
    )


def _plain(part: str) -> str:
    """Return one part of a word without its quotes and escapes."""
    if len(part) > 1 and part[0] == part[-1] == "'":
        return part[1:-1]
    if len(part) > 1 and part[0] == part[-1] == '"':
        return re.sub(r'\\(["\\$`])', r"\1", part[1:-1])
    if len(part) == 2 and part[0] == "\\":
        return part[1]
    return "" if part in ("'", '"') else part
