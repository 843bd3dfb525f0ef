"""The commands that talk to a running `up`: `invoke`, `logs`, `url`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from localops import bootstrap

DEFAULT_URL = "http://localhost:3233"
INVOKE_EXAMPLES = """\
examples:
  python3 -m localops invoke mastrogpt/hello
  python3 -m localops invoke chat/stateless input="Why is the sky blue?"
  python3 -m localops invoke chat/stateless input=@question.txt options='{"temperature": 0}'

A value is sent as JSON when it is JSON, else as text; @FILE stands for what is in a file, @@ for an @.
"""


def add_to(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to a command line; `add` is `add_parser` of its sub-commands."""
    each = add(
        "invoke",
        help="call an action and print what it answers",
        description="Call an action of the running localops and print its result, or its text as it streams.",
        epilog=INVOKE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    each.add_argument("action", metavar="PACKAGE/ACTION", help="as `packages/` has it")
    each.add_argument("arguments", nargs="*", metavar="NAME=VALUE", help="an argument of the action")
    each.add_argument(
        "--no-stream", action="store_true", help="print the result, also of an action that streams"
    )
    add_place(each)
    each.set_defaults(run=run_invoke)
    each = add(
        "logs",
        help="print what actions logged",
        description="Print what actions of the running localops logged.",
    )
    each.add_argument("action", nargs="?", metavar="PACKAGE/ACTION", help="only of this one (all)")
    each.add_argument("-f", "--follow", action="store_true", help="go on with what is logged from now on")
    add_place(each)
    each.set_defaults(run=run_logs)
    each = add("url", help="print the address of an action", description="Print an action's address.")
    each.add_argument("action", metavar="PACKAGE/ACTION", help="as `packages/` has it")
    each.add_argument("--stream", action="store_true", help="the streamer's address instead")
    add_place(each)
    each.set_defaults(run=run_url)


def add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--url", default=DEFAULT_URL, help="where localops answers (%(default)s)")
    command.add_argument(
        "--project",
        type=Path,
        default=bootstrap.ROOT,
        help="the folder that it runs, which holds the key (this one)",
    )


def run_invoke(options: argparse.Namespace) -> int:
    from localops.commands import invoke as command

    return command.run(options)


def run_logs(options: argparse.Namespace) -> int:
    from localops.commands import logs as command

    return command.run(options)


def run_url(options: argparse.Namespace) -> int:
    from localops.commands import url as command

    return command.run(options)
