"""`python3 -m localops bench`: measure, and print each figure beside its bar."""

from __future__ import annotations


def main(argv: list[str]) -> int:
    """Run the subjects that are named, or all; 0 when every figure reaches its bar."""
    from bench.command import run  # here, because each process of a benchmark imports this package

    return run(argv)
