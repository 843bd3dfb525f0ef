"""Tell a model's reasoning from its answer while both arrive.

New servers send reasoning in a member of its own; old ones leave `<think>` and `</think>` in the text, cut
anywhere, and where a model's template writes the opening tag itself only the closing one comes. A tag in a
fenced or inline code span is text: people do ask models about these tags.
Source: Ollama's thinking/parser.go for the white space that goes with a tag.
"""

import re

OUTPUT = "output"
THINKING = "thinking"
# What came as output until now was reasoning: its opening tag never came, its closing one did.
UNOPENED = "unopened"

Piece = tuple[str, str]
OPEN, CLOSE = "<think>", "</think>"
_TOKEN = re.compile(r"\n|`+|~~~+|</?think>")
# The end of a text that may be the beginning of a token.
_UNFINISHED = re.compile(r"(`+|~+|</?(t(h(i(nk?)?)?)?)?)\Z")


class Reasoning:
    """Split the text of one answer; where it is cut into pieces makes no difference to the result."""

    def __init__(self) -> None:
        self._text = ""
        self._thinking = False
        self._begun = False
        self._skips_space = False
        self._code = _CodeSpans()

    def feed(self, text: str) -> list[Piece]:
        """Return what is certain of the text so far, as pairs of a kind and a text."""
        self._text += text
        pieces: list[Piece] = []
        while self._advance(pieces):
            pass
        return [piece for piece in pieces if piece[1] or piece[0] == UNOPENED]

    def end(self) -> list[Piece]:
        """Return what was held back for a tag that did not come."""
        rest, self._text = self._text, ""
        if self._thinking:
            return [(THINKING, rest)] if rest.strip() else []
        return [(OUTPUT, rest)] if rest else []

    def _advance(self, pieces: list[Piece]) -> bool:
        """Take what there is of one kind; return whether a tag ended it, so that more may follow."""
        if self._skips_space:
            self._text = self._text.lstrip()
            if not self._text:
                return False
            self._skips_space = False
        if self._thinking:
            return self._think(pieces)
        if not self._begun:
            start = self._text.lstrip()
            if len(start) < len(OPEN) and OPEN.startswith(start):
                return False
            self._begun = True
            if start.startswith(OPEN):
                self._text = start
        return self._speak(pieces)

    def _think(self, pieces: list[Piece]) -> bool:
        thought, tag, rest = self._text.partition(CLOSE)
        if not tag:
            begun = max((size for size in range(1, len(CLOSE)) if thought.endswith(CLOSE[:size])), default=0)
            thought = thought[: len(thought) - begun]
            rest = self._text[len(thought.rstrip()) :]
        self._text, self._thinking, self._skips_space = rest, not tag, bool(tag)
        pieces.append((THINKING, thought.rstrip()))
        return bool(tag)

    def _speak(self, pieces: list[Piece]) -> bool:
        unfinished = _UNFINISHED.search(self._text)
        end = unfinished.start() if unfinished else len(self._text)
        seen = 0
        for token in _TOKEN.finditer(self._text, 0, end):
            self._code.pass_text(self._text[seen : token.start()])
            seen = token.end()
            if token[0] not in (OPEN, CLOSE):
                self._code.pass_mark(token[0])
            elif not self._code.inside:
                pieces.append((OUTPUT, self._text[: token.start()]))
                if token[0] == CLOSE:
                    pieces.append((UNOPENED, ""))
                self._text, self._thinking, self._skips_space = self._text[seen:], token[0] == OPEN, True
                return True
        self._code.pass_text(self._text[seen:end])
        pieces.append((OUTPUT, self._text[:end]))
        self._text = self._text[end:]
        return False


class _CodeSpans:
    """Know whether Markdown that goes by is inside a fence or an inline code span."""

    def __init__(self) -> None:
        self._fence = ""
        self._opening_line = False
        self._span = 0
        self._at_line_start = True

    @property
    def inside(self) -> bool:
        return bool(self._fence or self._span)

    def pass_text(self, text: str) -> None:
        if text and not text.isspace():
            self._at_line_start = False

    def pass_mark(self, mark: str) -> None:
        if mark == "\n":
            # A span is taken to end with its line: one stray backtick must not hide every tag after it.
            self._span, self._at_line_start, self._opening_line = 0, True, False
            return
        if self._fence:
            # A second run on the line of the first shows that both were an inline span.
            closes = self._opening_line or (self._at_line_start and len(mark) >= len(self._fence))
            if closes and mark[0] == self._fence[0]:
                self._fence = ""
        elif self._span:
            self._span = 0 if mark == "`" * self._span else self._span
        elif self._at_line_start and len(mark) >= 3:
            self._fence, self._opening_line = mark, True
        elif mark[0] == "`":
            self._span = len(mark)
        self._at_line_start = False


def with_output(runs: list[Piece], texts: list[str]) -> list[Piece]:
    """Return the runs, and the texts since the last of them joined to one more."""
    return [*runs, (OUTPUT, "".join(texts))] if texts else runs
