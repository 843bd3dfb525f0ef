"""The command line of `python3 -m localops bench`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import fuzz
from bench.errors import BenchError
from bench.figure import Figure
from bench.subjects import (
    cold_import,
    delivery,
    desk,
    first_token,
    leaks,
    model,
    pace,
    page,
    processor,
    production,
    providers,
    stop,
    streamed_first_token,
    streamer,
    throughput,
)
from bench.target import QUICK, Target
from localops.bootstrap import ROOT

MAIN_FILE = ROOT / "packages" / "chat" / "stateless" / "__main__.py"

_Measure = Callable[[Target], Iterator[Figure]]


def subjects() -> dict[str, tuple[str, _Measure]]:
    """Return what there is to measure: by name, what it is in a line and how it is done."""
    action = (delivery, pace, throughput, processor, first_token, stop, cold_import, providers)
    modules = (desk, *action, streamer, streamed_first_token, production, leaks, model, page)
    return {
        module.__name__.rpartition(".")[2]: (str(module.__doc__).partition("\n")[0], module.measure)
        for module in modules
    }


def run(argv: list[str]) -> int:
    """Run one command line.

    Returns:
        0 when everything was measured and reaches its bar, 1 when something does not, 2 for bad words.
    """
    if argv[:1] == ["fuzz"]:
        return fuzz.run(argv[1:])
    known = subjects()
    options = _parser(known).parse_args(argv)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        sys.stderr.write(f"bench: there is no {unknown[0]!r}; `bench --list` names what there is\n")
        return 2
    if options.list:
        sys.stdout.write("".join(f"{name:<20} {line}\n" for name, (line, _) in known.items()))
        return 0
    target = Target(options.action.resolve(), QUICK if options.quick else 1.0)
    tally = Tally()
    for name in options.names or measurable(known):
        show(name, known[name][1], target, tally)
    sys.stdout.write(tally.line() + "\n")
    return 0 if tally.good else 1


def measurable(known: dict[str, tuple[str, _Measure]]) -> list[str]:
    """Return what is measured unasked: `production` only where its streamer is given."""
    return [name for name in known if name != "production" or os.environ.get(production.VARIABLE)]


def _parser(known: dict[str, tuple[str, _Measure]]) -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    words = argparse.ArgumentParser(
        prog="python3 -m localops bench",
        description="Measure, and print each figure beside its bar. `bench fuzz` explores instead.",
    )
    words.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(known)} (all)")
    words.add_argument("--list", action="store_true", help="say what there is to measure")
    words.add_argument("--quick", action="store_true", help="shorter runs, with less behind the figures")
    words.add_argument(
        "--action", type=Path, default=MAIN_FILE, metavar="FILE", help="the streaming action (chat/stateless)"
    )
    return words


@dataclass
class Tally:
    """The number of bars that were missed, and the subjects that could not be measured."""

    missed: int = 0
    unmeasured: list[str] = field(default_factory=list[str])

    @property
    def good(self) -> bool:
        """Return whether everything was measured and reaches its bar."""
        return not self.missed and not self.unmeasured

    def line(self) -> str:
        """Return what a person reads at the end."""
        bars = f"{self.missed or 'no'} bar{'' if self.missed == 1 else 's'} missed"
        return f"{bars}, not measured: {', '.join(self.unmeasured)}" if self.unmeasured else bars


def show(name: str, measure: _Measure, target: Target, tally: Tally) -> None:
    """Measure one subject, print its figures as they come, and count them."""
    began_s = time.monotonic()
    try:
        for figure in measure(target):
            tally.missed += not figure.ok
            sys.stdout.write(figure.row() + "\n")
            sys.stdout.flush()
    except BenchError as error:
        tally.unmeasured.append(name)
        sys.stdout.write(f"{name} could not be measured: {error}\n")
    sys.stdout.write(f"  {name}: {time.monotonic() - began_s:.0f} s\n\n")
