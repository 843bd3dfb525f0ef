"""The errors of measuring."""

from __future__ import annotations

from localops.errors import LocalopsError


class BenchError(LocalopsError):
    """Nothing was measured; the text says what failed and where to look."""
