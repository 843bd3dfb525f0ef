"""A text as words, as npm's shell-quote splits it for the deployer.

What is no plain word is dropped there without a word: operators, globs, and a comment with all after it.
"""

from __future__ import annotations

import re

# One word or operator of shell-quote: quoted parts, escapes and plain text run together.
TOKEN = re.compile(
    r"""(?P<operator>\|\||&&|;;|\|&|<\(|<<<|>>|>&|<&|[&;()|<>])
      | (?P<word>(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s'"&;()|<>\\\#]|\\|['"])+)
      | (?P<comment>\#.*)""",
    re.VERBOSE | re.DOTALL,
)
PART = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|\\.|[^\\"\']+|.', re.DOTALL)


def words(text: str) -> list[str]:
    """Split like shell-quote, without what is no plain word: operators, globs, and a comment to the end."""
    found: list[str] = []
    for token in TOKEN.finditer(text):
        if token.lastgroup == "comment":
            break
        if token.lastgroup == "word" and not is_glob(token[0]):
            found.append("".join(plain(part) for part in PART.findall(token[0])))
    return found


def is_glob(word: str) -> bool:
    return any(
        not part.startswith(('"', "'", "\\")) and re.search(r"[*?]", part) for part in PART.findall(word)
    )


def plain(part: str) -> str:
    """One part of a word without its quotes and escapes."""
    if len(part) > 1 and part[0] == part[-1] == "'":
        return part[1:-1]
    if len(part) > 1 and part[0] == part[-1] == '"':
        return re.sub(r'\\(["\\$`])', r"\1", part[1:-1])
    if len(part) == 2 and part[0] == "\\":
        return part[1]
    return "" if part in ("'", '"') else part
