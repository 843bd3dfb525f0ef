"""The commands of `python3 -m localops`."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path

from localops import bootstrap
from localops import commands as running
from localops.errors import LocalopsError


def main(argv: list[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 something is wrong, 2 it could not start."""
    options, rest = parser().parse_known_args(argv)
    if rest and options.run not in (test, bench):
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.run(options)
    except LocalopsError as error:
        print(f"localops: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; the interpreter must not try to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    commands = argparse.ArgumentParser(
        prog="python3 -m localops", description="A whole OpenServerless in one process.", allow_abbrev=False
    )
    add = commands.add_subparsers(metavar="COMMAND", required=True).add_parser
    each = add("up", help="run a project: its actions, its page and a model")
    each.add_argument("--project", type=Path, default=bootstrap.ROOT, help="folder to run (this one)")
    each.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    each.add_argument("--port", type=int, default=3233, help="port, 0 for any free one (%(default)s)")
    each.add_argument("--no-open", action="store_true", help="do not open the browser")
    each.add_argument(
        "--reframe", action="store_true", help="stream one JSON object a line, not as production does"
    )
    each.add_argument(
        "--debug", metavar="PACKAGE/ACTION", help="stop at breakpoint() of this action, here in the terminal"
    )
    each.add_argument(
        "--debug-port", type=int, metavar="PORT", help="let an editor attach to it here (needs debugpy)"
    )
    each.set_defaults(run=up)
    running.add_to(add)
    each = add("test", help="run all tests; further words go to pytest", add_help=False)
    each.set_defaults(run=test)
    each = add("check", help="format, lint, types and shared copies")
    each.set_defaults(run=check)
    each = add("sync", help="copy shared modules to the actions that use them")
    each.add_argument("--check", action="store_true", help="only say which copies are out of date")
    each.set_defaults(run=sync)
    each = add("bench", help="print measured figures beside their bars", add_help=False)
    each.set_defaults(run=bench)
    return commands


def up(options: argparse.Namespace) -> int:
    from localops import console
    from localops.runtime.debugging import asked_for
    from localops.up import Options
    from localops.up import up as serve

    console.set_up()
    debugging = asked_for(options.debug, options.debug_port, options.project / "packages")
    words = (options.project, options.host, options.port, not options.no_open, options.reframe, debugging)
    asyncio.run(serve(Options(*words)))
    return 0


def test(options: argparse.Namespace) -> int:
    from localops.commands import node_tools

    node_tools.install_if_there_is_npm()
    command = [sys.executable, "-m", "pytest", *options.rest]
    return subprocess.run(command, cwd=bootstrap.ROOT, check=False).returncode  # noqa: S603 - our own words


def check(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command is called with its options
    from localops.commands.check import check as run_checks

    return run_checks()


def sync(options: argparse.Namespace) -> int:
    from localops import shared

    if not options.check:
        for copy in shared.sync(bootstrap.ROOT):
            print(f"copied {copy}")
        return 0
    problems = shared.problems(bootstrap.ROOT)
    print("\n".join(problems) or "all copies are up to date")
    return 1 if problems else 0


def bench(options: argparse.Namespace) -> int:
    from localops import bench as figures

    return figures.main(options.rest)
