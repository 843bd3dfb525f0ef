"""Run the scripted model server as a process of its own.

    python -m tests.scripted FILE.json [--fd N | --port P] [--ends-with-stdin]

It starts and ends as `python -m localops.ollama` does, and reads the same OLLAMA_ variables.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from localops.ollama.errors import StartFailure
from localops.ollama.listener import Listener
from localops.ollama.process import listening_socket, serve
from localops.ollama.settings import Settings

from .app import ScriptedApp
from .connection import ScriptedConnection
from .script_file import read_script


def main() -> int:
    """Run until asked to end; return the exit status, 1 where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m tests.scripted")
    parser.add_argument("script", type=Path, metavar="FILE.json", help="what it says, see script_file.py")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--fd", type=int, help="an inherited listening socket")
    where.add_argument("--port", type=int, default=0, help="a port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--ends-with-stdin", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    try:
        app = ScriptedApp(read_script(options.script), settings=Settings.read(os.environ))
        sock = listening_socket(options.fd, options.port)
        listener = Listener(app, sock, ScriptedConnection)
        asyncio.run(serve(listener, ends_with_stdin=options.ends_with_stdin))
    except StartFailure as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
