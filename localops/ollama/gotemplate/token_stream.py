"""A template's tokens one after another, some of them looked at before they are taken."""

from __future__ import annotations

from localops.ollama.errors import TemplateFailure
from localops.ollama.gotemplate.lexer import Token, failure, tokens


class TokenStream:
    """The tokens that are left of a text."""

    def __init__(self, source: str) -> None:
        self._tokens = tokens(source)
        self._ahead: list[Token] = []
        self._line = 1

    def failure(self, words: str) -> TemplateFailure:
        """Return an error at the token that was taken last."""
        return failure(self._line, words)

    def take_or_end(self) -> Token | None:
        """Take the next token; None at the end."""
        token = self._ahead.pop() if self._ahead else next(self._tokens, None)
        if token is not None:
            self._line = token.line
        return token

    def take(self) -> Token:
        """Take the next token.

        Raises:
            TemplateFailure: there is none.
        """
        token = self.take_or_end()
        if token is None:
            raise self.failure("unexpected EOF")
        return token

    def peek(self) -> Token:
        """Return the next token and leave it there."""
        token = self.take()
        self.put_back(token)
        return token

    def put_back(self, token: Token) -> None:
        """Let a token be the next one."""
        self._ahead.append(token)

    @property
    def line(self) -> int:
        """The line of the token that was taken last."""
        return self._line
