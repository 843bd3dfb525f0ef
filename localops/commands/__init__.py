"""The commands that talk to a running `up`, `invoke`, `logs` and `url`, and `password`, which needs none."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from localops import bootstrap

_DEFAULT_URL = "http://localhost:3233"
_INVOKE_EXAMPLES = """\
examples:
  python3 -m localops invoke mastrogpt/hello
  python3 -m localops invoke chat/stateless input="Why is the sky blue?"
  python3 -m localops invoke chat/stateless input=@question.txt options='{"temperature": 0}'

A value is sent as JSON when it is JSON, else as text; @FILE stands for what is in a file,
@@ for an @. It prints the text of an action that streams as it comes, else the result."""
_LOGS_EXAMPLES = """\
examples:
  python3 -m localops logs chat/stateless
  python3 -m localops logs -f"""
_URL_EXAMPLES = """\
examples:
  curl "$(python3 -m localops url mastrogpt/hello)"
  curl -d '{"input": "Hello"}' "$(python3 -m localops url --stream chat/simple)"

For an action that is not a web action it is the address in the REST API, which needs the key of
the project: `auth` in .localops/credentials.json, as user and password."""
_USERS_EPILOG = """\
examples:
  python3 -m localops password
  python3 -m localops password fatina < password.txt

The users of the chat's login and the bcrypt hashes of their passwords stand in
packages/mastrogpt/login/users.json. It comes with the user pinocchio, whose password everybody knows;
`up --host` and the task `deploy` refuse to go on while it is there."""


class _Add(Protocol):
    """Adds a command to a command line."""

    def __call__(
        self, name: str, run: Callable[[argparse.Namespace], int], help: str
    ) -> argparse.ArgumentParser: ...


def add_to(add: _Add) -> None:
    """Add these commands to a command line."""
    each = add("invoke", run_invoke, "call an action of the running localops and print what it answers")
    each.epilog = _INVOKE_EXAMPLES
    _add_action(each)
    # With a default, or argparse names it among what is missing when the action is.
    each.add_argument(
        "arguments", nargs="*", default=[], metavar="NAME=VALUE", help="an argument of the action"
    )
    each.add_argument(
        "--no-stream", action="store_true", help="print the result, also of an action that streams"
    )
    _add_place(each)
    each = add("logs", _run_logs, "print what actions of the running localops logged")
    each.epilog = _LOGS_EXAMPLES
    each.add_argument("action", nargs="?", metavar="PACKAGE/ACTION", help="only of this one (all)")
    each.add_argument("-f", "--follow", action="store_true", help="go on with what is logged from now on")
    _add_place(each)
    each = add("url", _run_url, "print the address of an action")
    each.epilog = _URL_EXAMPLES
    _add_action(each)
    each.add_argument("--stream", action="store_true", help="the streamer's address instead")
    _add_place(each)

    each = add("password", _run_password, "set the password of somebody who logs in to the chats")
    each.epilog = _USERS_EPILOG
    each.add_argument("user", nargs="?", default="pinocchio", metavar="USER", help="whose (%(default)s)")
    each.add_argument("--check", action="store_true", help="only report whether the published one is there")
    _add_project(each, "the folder whose users are meant (this one)")


def _add_action(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", metavar="PACKAGE/ACTION", help="as `packages/` has it: chat/stateless")


def _add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--url", default=_DEFAULT_URL, help="where localops answers (%(default)s)")
    _add_project(command, "the folder that it runs, which holds the key (this one)")


def _add_project(command: argparse.ArgumentParser, help: str) -> None:
    command.add_argument("--project", type=Path, default=bootstrap.ROOT, metavar="DIR", help=help)


def take_arguments(options: argparse.Namespace, rest: list[str]) -> list[str]:
    """Add the arguments that follow an option, which argparse leaves over; return the other words."""
    options.arguments = [*options.arguments, *(word for word in rest if not word.startswith("-"))]
    return [word for word in rest if word.startswith("-")]


def run_invoke(options: argparse.Namespace) -> int:
    from localops.commands import invoke as command

    return command.run(options)


def _run_logs(options: argparse.Namespace) -> int:
    from localops.commands import logs as command

    return command.run(options)


def _run_url(options: argparse.Namespace) -> int:
    from localops.commands import url as command

    return command.run(options)


def _run_password(options: argparse.Namespace) -> int:
    from localops.commands import password as command

    return command.run(options)
