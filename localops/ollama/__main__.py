"""Run the model server as a process of its own.

    python -m localops.ollama [--fd N | --port P] [--engine llamacpp|scripted] [--model PATH]...
                              [--script FILE.json] [--stands-in-for NAME]...

A model that is alone is loaded at once, so that the first answer is quick; several are loaded when they are
asked. The server ends when its standard input reaches end of file, so that it never outlives the one who
started it, and within a second on SIGTERM or Ctrl-C. OLLAMA_ORIGINS, OLLAMA_MAX_QUEUE,
OLLAMA_MAX_LOADED_MODELS and OLLAMA_KEEP_ALIVE mean what they mean to Ollama.

Exit status: 0 asked to end, 1 it cannot start, 3 the engine's library is not to be had on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from starlette.types import ASGIApp

from localops.ollama import model_files
from localops.ollama.catalog import Catalog
from localops.ollama.engines import Engines
from localops.ollama.errors import EngineMissing, ModelServerError, StartFailure
from localops.ollama.listener import Listener
from localops.ollama.llamacpp import BUILTIN_NAME, LlamaCpp, builtin_model
from localops.ollama.model import Model
from localops.ollama.scripted.app import ScriptedApp
from localops.ollama.scripted.script import STAND_IN
from localops.ollama.scripted.script_file import read_script
from localops.ollama.server import create_app
from localops.ollama.settings import Settings

DEFAULT_PORT = 11434
_FAILED, _ENGINE_MISSING = 1, 3
_ENDING_S = 0.5
_EPILOG = """\
names of models:
  llama3.1-8b.gguf              llama3.1-8b:latest
  Llama-3.2-1B-Q4_K_M.gguf      llama-3.2-1b:q4_k_m    (the quantization is the tag, as in Ollama)
  llama3.1:8b.gguf              llama3.1:8b
  --model llama3.1:8b=FILE      llama3.1:8b
  model.gguf, an Ollama blob    what the file's metadata says

A file that cannot be read is named on standard error and the others are served. Several models are
loaded when they are asked for, and unloaded when their keep_alive has passed.

environment, as in Ollama:
  OLLAMA_KEEP_ALIVE             how long a model stays loaded (5m)
  OLLAMA_MAX_LOADED_MODELS      how many are in memory at once (3)
  OLLAMA_MAX_QUEUE              how many requests may wait (512)
  OLLAMA_ORIGINS                web pages that may call, besides those of this machine
"""


def main() -> int:
    """Run until asked to end; give the exit status."""
    arguments = _arguments()
    try:
        settings = Settings.read(os.environ)
        app = _scripted_app if arguments.engine == "scripted" else _model_app
        sock = _listening_socket(arguments.fd, arguments.port)
        asyncio.run(_serve(app(arguments, settings), sock))
    except ModelServerError as error:
        sys.stderr.write(f"{error}\n")
        return _ENGINE_MISSING if isinstance(error, EngineMissing) else _FAILED
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m localops.ollama",
        description="A model server that speaks the protocols of Ollama and OpenAI.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--fd", type=int, help="an inherited listening socket")
    where.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="a port on 127.0.0.1 (default %(default)s)"
    )
    parser.add_argument(
        "--engine",
        choices=("llamacpp", "scripted"),
        default="llamacpp",
        help="llama.cpp, or a script that says who it is (default %(default)s)",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="PATH",
        help=f"a GGUF file, a folder of them, or NAME=FILE.gguf, in place of the built-in model; "
        f"{BUILTIN_NAME} names that one (may be repeated)",
    )
    parser.add_argument("--script", type=Path, metavar="FILE.json", help="what the scripted engine says")
    parser.add_argument(
        "--stands-in-for",
        action="append",
        default=[],
        metavar="NAME",
        help="another model's name to answer for, by the first model that makes text; answers carry the true "
        "name (may be repeated)",
    )
    return parser.parse_args()


def _model_app(arguments: argparse.Namespace, settings: Settings) -> ASGIApp:
    served = _served_models(arguments.model)
    engines = [LlamaCpp(model, file) for model, file in served]
    if len(engines) == 1:
        engines[0].load_now(served[0][0], None)  # before it answers, so that the first answer is quick
    engine = Engines(engines)
    catalog = Catalog(engine.models, frozenset(arguments.stands_in_for), settings.keep_alive_s)
    if catalog.stands_in_for and catalog.stand_in is None:
        others = " and ".join(arguments.stands_in_for)
        sys.stderr.write(f"none of these models makes text, they only embed: nothing answers for {others}\n")
        sys.stderr.flush()
    return create_app(engine, catalog, settings=settings)


def _served_models(given: list[str]) -> list[tuple[Model, Path]]:
    """Find what is to be served; what cannot be is said on standard error."""
    if not given:
        return [builtin_model()]
    own = [each for each in given if each != BUILTIN_NAME]
    if not own:
        return [builtin_model()]
    found = model_files.find(own)
    for refusal in found.refusals:
        sys.stderr.write(f"{refusal}\n")
    sys.stderr.flush()
    return [builtin_model(), *found.models] if len(own) < len(given) else found.models


def _scripted_app(arguments: argparse.Namespace, settings: Settings) -> ASGIApp:
    script = read_script(arguments.script) if arguments.script else STAND_IN
    return ScriptedApp(script, stands_in_for=frozenset(arguments.stands_in_for), settings=settings)


def _listening_socket(fd: int | None, port: int) -> socket.socket:
    if fd is not None:
        try:
            return socket.socket(fileno=fd)
        except OSError as error:
            raise StartFailure(f"--fd {fd} is not an open socket: {error.strerror}") from error
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise StartFailure(f"port {port} is taken; stop the other server or choose another --port") from error


async def _serve(app: ASGIApp, sock: socket.socket) -> None:
    listener = Listener(app, sock)
    ended = _ending()
    await listener.start()
    await ended.wait()
    _end_by_force_later()
    await listener.close()


def _end_by_force_later() -> None:
    """End the process in half a second if it still runs: nothing interrupts llama.cpp in a long prompt."""
    force = threading.Timer(_ENDING_S, os._exit, (0,))
    force.daemon = True
    force.start()


def _ending() -> asyncio.Event:
    """Give an event that is set by SIGTERM, Ctrl-C, and the end of standard input."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def end_from_thread(*_: object) -> None:
        loop.call_soon_threadsafe(ended.set)

    def wait_for_parent() -> None:
        while os.read(0, 4096):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
        end_from_thread()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_from_thread)
    threading.Thread(target=wait_for_parent, daemon=True).start()
    return ended


if __name__ == "__main__":
    sys.exit(main())
