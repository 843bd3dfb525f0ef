"""`localops logs`: what actions logged, and how their activations ended."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any
from urllib.parse import urlencode

from localops.commands.server import CommandError, Server
from localops.terminal_text import shown_on


def run(options: argparse.Namespace) -> int:
    """Print what there is and, when asked to follow, what comes, until the person ends it.

    Raises:
        CommandError: localops does not answer, or knows no such action.
    """
    server = Server(options.url, options.project)
    asked: dict[str, str] = {}
    if options.action:
        asked["action"] = server.action(options.action)["path"]
    if options.follow:
        asked["follow"] = ""
    is_empty = True
    with server.ask("GET", f"/_localops/api/logs?{urlencode(asked)}") as answer:
        for event in answer.objects():
            is_empty = False
            sys.stdout.write(shown_on(sys.stdout, _as_text(event)) + "\n")
            sys.stdout.flush()
    if options.follow:
        raise CommandError(f"localops at {server.url} has ended")
    if is_empty:
        what = options.action or "an action"
        sys.stderr.write(f"localops: nothing is logged yet; call {what}, or wait for lines with -f\n")
    return 0


def _as_text(event: dict[str, Any]) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(event["time"] / 1000))
    if "end" in event:
        return f"{clock} {event['action']} {event['end']} in {event['duration']} ms"
    return f"{clock} {event['action']} | {event['text']}"
