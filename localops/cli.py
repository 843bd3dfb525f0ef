"""The commands of `python3 -m localops`."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from localops import bootstrap
from localops import commands as running
from localops.errors import LocalopsError, StartError
from localops.terminal_text import shown_on

_FIRST = "New here? `python3 -m localops up` shows you a chat. `COMMAND --help` explains a command."
_UP_EXAMPLES = """\
examples:
  python3 -m localops up
  python3 -m localops up --project ../another --port 0
  python3 -m localops up --model ~/models/llama-3.2-1b-q4_k_m.gguf

What answers as the model, the first that there is: --model; OLLAMA_HOST of the environment or
of .env; an Ollama on this machine; a tiny model that is built in."""
_TEST_EXAMPLES = """\
examples:
  python3 -m localops test
  python3 -m localops test tests/contract
  python3 -m localops test -x -k login

  python3 -m localops test -n 0 -s tests/localops/test_up.py

All words go to pytest; `python3 -m localops test --fixtures`, say, is pytest's own option. Tests
run side by side, as many as there are cores; -n NUMBER changes that, and -n 0 is for a debugger."""
_SIDE_BY_SIDE = ("-n", "auto", "--dist", "loadscope")  # as tests/side_by_side.py has it
_CHECK_PARTS = """\
Python: ruff for format and lint, pyright for types. JavaScript: tsc for types. pyright and tsc
need Node.js, and the network once. It changes nothing: `.venv/bin/ruff format` does the format,
`python3 -m localops sync` the copies."""
_SYNC_WHY = """\
A deployment packs each action's folder alone, so the library of the actions, mastro/ at the root,
stands whole in each action that imports it. Edit it at the root only."""
_PORTS = range(65536)


def main(argv: list[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 something is wrong, 2 it could not start."""
    words = parser()
    if not argv:
        words.print_help(sys.stderr)
        return 2
    options, rest = words.parse_known_args(argv)
    if options.run is running.run_invoke:
        rest = running.take_arguments(options, rest)
    if rest and options.run not in (_test, _bench):
        options.words.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.run(options)
    except LocalopsError as error:
        print(shown_on(sys.stderr, f"localops: {error}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; the interpreter must not try to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    commands = argparse.ArgumentParser(
        prog="python3 -m localops",
        description="A whole OpenServerless in one process.",
        epilog=_FIRST,
        allow_abbrev=False,
    )
    subcommands = commands.add_subparsers(metavar="COMMAND", required=True)

    def add(
        name: str, run: Callable[[argparse.Namespace], int], help: str, add_help: bool = True
    ) -> argparse.ArgumentParser:
        each = subcommands.add_parser(
            name,
            help=help,
            description=f"{help[0].upper()}{help[1:]}.",
            add_help=add_help,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        each.set_defaults(run=run, words=each)
        return each

    _add_up(add("up", _up, "run a project: its actions, its page and a model"))
    running.add_to(add)
    add("test", _test, "run all tests; further words go to pytest").epilog = _TEST_EXAMPLES
    add("check", check, "check format, lint, types and the copies of mastro/").epilog = _CHECK_PARTS
    each = add("sync", _sync, "copy mastro/ to the actions that import it")
    each.epilog = _SYNC_WHY
    each.add_argument("--check", action="store_true", help="only say which copies are out of date")
    add("bench", _bench, "print measured figures beside their bars", add_help=False)
    return commands


def _add_up(words: argparse.ArgumentParser) -> None:
    words.epilog = _UP_EXAMPLES
    words.add_argument(
        "--project", type=Path, default=bootstrap.ROOT, metavar="DIR", help="folder to run (this one)"
    )
    words.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="FILE.gguf",
        help="a model of yours to answer, or a folder of models; may be repeated",
    )
    words.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (%(default)s); others than this machine need LOCALOPS_PASSWORD",
    )
    words.add_argument("--port", type=_port, default=3233, help="0 for any free one (%(default)s)")
    words.add_argument("--no-open", action="store_true", help="do not open the browser")
    words.add_argument(
        "--reframe", action="store_true", help="stream one JSON object a line, not as production does"
    )
    words.add_argument(
        "--debug", metavar="PACKAGE/ACTION", help="stop at breakpoint() of this action, here in the terminal"
    )
    words.add_argument(
        "--debug-port", type=_port, metavar="PORT", help="let an editor attach to it here (needs debugpy)"
    )


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) not in _PORTS:
        raise argparse.ArgumentTypeError(f"{word} is not a port number (0 to {_PORTS[-1]})")
    return int(word)


def _up(options: argparse.Namespace) -> int:
    from localops import console
    from localops.model_host.files import model_files
    from localops.runtime.debugging import asked_for
    from localops.up import Options
    from localops.up import up as serve

    console.set_up()
    models = model_files(options.model) if options.model else None
    debug = asked_for(options.debug, options.debug_port, options.project / "packages")
    words = (options.project, options.host, options.port, not options.no_open, options.reframe)
    asyncio.run(serve(Options(*words, models, debug)))
    return 0


def _test(options: argparse.Namespace) -> int:
    from localops.commands import node_tools

    _check_tools("pytest")
    node_tools.install_if_there_is_npm()
    command = [sys.executable, "-m", "pytest", *_SIDE_BY_SIDE, *options.rest]
    return subprocess.run(command, cwd=bootstrap.ROOT, check=False).returncode  # noqa: S603 - our own words


def check(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command is called with its options
    from localops.commands.check import check as run_checks

    _check_tools("ruff")
    return run_checks()


def _check_tools(name: str) -> None:
    """Raise StartError when a tool is missing, as in a .venv that was made for `up` and then activated."""
    if importlib.util.find_spec(name) is None:
        raise StartError(
            f"{name} is not in this Python; run the same command outside of .venv (`deactivate`), "
            "then it is installed"
        )


def _sync(options: argparse.Namespace) -> int:
    from localops import library

    copied = [] if options.check else library.sync(bootstrap.ROOT)
    problems = library.problems(bootstrap.ROOT)
    print("\n".join([*(f"copied {copy}" for copy in copied), *problems]) or "all copies are up to date")
    return 1 if problems else 0


def _bench(options: argparse.Namespace) -> int:
    from bench import main as measure

    return measure(options.rest)
