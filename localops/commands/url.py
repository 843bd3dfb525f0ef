"""`localops url`: where an action answers."""

from __future__ import annotations

import argparse
import sys

from localops.commands.server import CommandError, Server


def run(options: argparse.Namespace) -> int:
    """Print one address, and nothing else, on standard output.

    Raises:
        CommandError: there is no such action, or it has no such address.
    """
    action = Server(options.url, options.project).action(options.action)
    if not options.stream:
        sys.stdout.write(f"{action['web'] or action['rest']}\n")
        if not action["web"]:
            sys.stderr.write(
                f"{action['path']} is not a web action: POST to this address with the key of the project, "
                "or add the line `#--web true` to its source\n"
            )
        return 0
    if not action["stream"]:
        raise CommandError(
            f"{action['path']} is not a web action, so pages cannot stream it; add the line `#--web true`"
        )
    sys.stdout.write(f"{action['stream']}\n")
    return 0
