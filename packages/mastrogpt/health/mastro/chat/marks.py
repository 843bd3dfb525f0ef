"""Show reasoning to a reader who sees only text."""

from ..providers.reasoning import THINKING, UNOPENED


class Marks:
    """Put reasoning into the text, between `[think]` and `[/think]`, for a reader who sees only text."""

    def __init__(self) -> None:
        self._is_open = False

    def mark(self, kind: str, text: str) -> str:
        """Return the text of a piece with the marks that belong before it."""
        if kind == UNOPENED:
            return "\n[/think]\n\n"
        before = ""
        if self._is_open != (kind == THINKING):
            before = self.end() or "[think]\n"
            self._is_open = kind == THINKING
        return before + text

    def end(self) -> str:
        """Return the closing mark if one is missing."""
        is_open, self._is_open = self._is_open, False
        return "\n[/think]\n\n" if is_open else ""
