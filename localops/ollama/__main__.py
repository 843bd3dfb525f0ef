"""Run the model server as a process of its own.

    python -m localops.ollama [--fd N | --port P] [--engine llamacpp|scripted] [--model PATH]...
                              [--stands-in-for NAME]... [--ends-with-stdin]

A model that is alone is loaded at once, so that the first answer is quick; several are loaded when they are
asked. The server ends within a second on SIGTERM or Ctrl-C; with --ends-with-stdin also when its standard
input does, so that it never outlives whoever started it. OLLAMA_ORIGINS, OLLAMA_MAX_QUEUE,
OLLAMA_MAX_LOADED_MODELS and OLLAMA_KEEP_ALIVE mean what they mean to Ollama.

Exit status: 0 asked to end, 1 it cannot start, 3 the engine's library is not to be had on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from starlette.types import ASGIApp

from localops.ollama import model_files
from localops.ollama.catalog import Catalog
from localops.ollama.engine import Engine
from localops.ollama.engines import Engines
from localops.ollama.errors import EngineMissing, ModelServerError
from localops.ollama.listener import Listener
from localops.ollama.llamacpp import BUILTIN_NAME, LlamaCpp, builtin_model
from localops.ollama.model import Model
from localops.ollama.process import listening_socket, serve
from localops.ollama.server import create_app
from localops.ollama.settings import Settings
from localops.ollama.stand_in import StandIn

_DEFAULT_PORT = 11434
_FAILED, _ENGINE_MISSING = 1, 3
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
    """Run until asked to end; return the exit status."""
    arguments = _arguments()
    try:
        settings = Settings.read(os.environ)
        sock = listening_socket(arguments.fd, arguments.port)
        app = _app(arguments, settings)
        asyncio.run(serve(Listener(app, sock), ends_with_stdin=arguments.ends_with_stdin))
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
        "--port", type=int, default=_DEFAULT_PORT, help="a port on 127.0.0.1 (default %(default)s)"
    )
    parser.add_argument(
        "--engine",
        choices=("llamacpp", "scripted"),
        default="llamacpp",
        help="llama.cpp, or a script that says what it is (default %(default)s)",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="PATH",
        help=f"a GGUF file, a folder of them, or NAME=FILE.gguf, in place of the built-in model; "
        f"{BUILTIN_NAME} names that one (may be repeated)",
    )
    parser.add_argument(
        "--stands-in-for",
        action="append",
        default=[],
        metavar="NAME",
        help="another model's name to answer for, by the first model that makes text; answers carry the true "
        "name (may be repeated)",
    )
    parser.add_argument(
        "--ends-with-stdin",
        action="store_true",
        help="end when standard input does",
    )
    return parser.parse_args()


def _app(arguments: argparse.Namespace, settings: Settings) -> ASGIApp:
    engine: Engine = StandIn() if arguments.engine == "scripted" else _llama_cpp(arguments.model)
    catalog = Catalog(engine.models, frozenset(arguments.stands_in_for), settings.keep_alive_s)
    if catalog.stands_in_for and catalog.stand_in is None:
        others = " and ".join(arguments.stands_in_for)
        sys.stderr.write(f"none of these models makes text, they only embed: nothing answers for {others}\n")
        sys.stderr.flush()
    return create_app(engine, catalog, settings=settings)


def _llama_cpp(given: list[str]) -> Engines:
    served = _served_models(given)
    engines = [LlamaCpp(model, file) for model, file in served]
    if len(engines) == 1:
        engines[0].load_now(served[0][0], None)  # before it answers, so that the first answer is quick
    return Engines(engines)


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


if __name__ == "__main__":
    sys.exit(main())
