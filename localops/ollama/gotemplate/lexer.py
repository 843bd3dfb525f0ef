"""A template's text, cut into plain text and the tokens between braces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from localops.ollama.errors import TemplateFailure

_BEGIN = re.compile(r"{{(?:-(?=[ \t\r\n]))?[ \t\r\n]*")
_END = re.compile(r"(?P<trim>[ \t\r\n]+-)?}}")
_COMMENT = re.compile(r"/\*.*?\*/(?P<trim>[ \t\r\n]+-)?}}", re.DOTALL)
_WHITE = " \t\r\n"
_MAX_WORDS = 300  # of what somebody sent, in a complaint about it
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      |(?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)
      |(?P<character>'(?:\\[^\n]|[^'\\\n])*')
      |(?P<number>[+-]?(?:\d|\.\d)(?:[eE][+-]\d|[\w.])*)
      |(?P<field>\.[^\W\d]\w*)
      |(?P<dot>\.)
      |(?P<variable>\$\w*)
      |(?P<name>[^\W\d]\w*)
      |(?P<mark>:=|[=|(),])""",
    re.VERBOSE,
)
_UNTERMINATED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
}


class Token(NamedTuple):
    """A token of an action, or a plain text.

    Attributes:
        kind: one of the names in _TOKEN, `plain` for text, `begin` and `end` for the braces.
        joined: whether nothing stands between it and the token before.
        place: where it begins in the template.
    """

    kind: str
    text: str
    line: int
    joined: bool = False
    place: int = 0


def failure(line: int, words: str) -> TemplateFailure:
    """Return the error of a template, in the words of Go's package."""
    return TemplateFailure(f"template: :{line}: {' '.join(words[:_MAX_WORDS].split())}")


def tokens(source: str) -> Iterator[Token]:
    """Yield a template's tokens; white space beside `{{-` and `-}}` and comments are left out.

    Raises:
        TemplateFailure: an action is not closed, or holds a character that none may hold.
    """
    return _Lexer(source).tokens()


class _Lexer:
    """One reading of a text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._place, self._line = 0, 1
        self._trims = False  # what comes next, because of a `-}}`

    def tokens(self) -> Iterator[Token]:
        while self._place < len(self._source):
            begin = _BEGIN.search(self._source, self._place)
            text = self._source[self._place : begin.start() if begin else None]
            plain = text.lstrip(_WHITE) if self._trims else text
            if begin and begin[0].startswith("{{-"):
                plain = plain.rstrip(_WHITE)
            if plain:
                yield Token("plain", plain, self._line)
            self._pass(text)
            if begin is not None:
                self._pass(begin[0])
                yield from self._action()

    def _pass(self, text: str) -> None:
        self._place += len(text)
        self._line += text.count("\n")

    def _action(self) -> Iterator[Token]:
        if self._source.startswith("/*", self._place):
            comment = _COMMENT.match(self._source, self._place)
            if comment is None:
                raise failure(self._line, "unclosed comment")
            self._leave(comment)
            return
        yield Token("begin", "{{", self._line)
        joined = False
        while (end := _END.match(self._source, self._place)) is None:
            found = _TOKEN.match(self._source, self._place)
            if found is None:
                raise failure(self._line, self._complaint())
            if found.lastgroup != "space":
                yield Token(str(found.lastgroup), found[0], self._line, joined, self._place)
            joined = found.lastgroup != "space"
            self._pass(found[0])
        yield Token("end", "}}", self._line, place=self._place)
        self._leave(end)

    def _leave(self, end: re.Match[str]) -> None:
        self._pass(end[0])
        self._trims = end["trim"] is not None

    def _complaint(self) -> str:
        rest = self._source[self._place : self._place + 1]
        if not rest:
            return "unclosed action"
        return _UNTERMINATED.get(rest) or f"unrecognized character in action: U+{ord(rest):04X} {rest!r}"
