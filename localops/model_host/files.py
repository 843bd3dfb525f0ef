"""The model files that a person names with `up --model`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localops.errors import StartError

MAGIC = b"GGUF"
OTHER_WAY = "or let Ollama run it: `python3 -m localops pull MODEL`"


@dataclass(frozen=True)
class ModelFiles:
    """What `--model` names.

    Attributes:
        paths: GGUF files, and folders of them.
        names: of all the files, those of a folder in alphabetical order; the first model answers unless
            another is asked for.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...]


def model_files(paths: Sequence[Path]) -> ModelFiles:
    """Look at the paths, as far as can be done at once: a large file is read only when it is loaded.

    Raises:
        StartError: there is no model at one of them.
    """
    names = [file.name for path in paths for file in files_at(path)]
    return ModelFiles(tuple(path.absolute() for path in paths), tuple(names))


def files_at(path: Path) -> list[Path]:
    if not path.is_dir():
        check(path)
        return [path]
    found = sorted(path.glob("*.gguf"))
    if not found:
        raise StartError(f"--model {path}: there is no .gguf file in this folder")
    return found


def check(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            begin = stream.read(len(MAGIC))
    except OSError as error:
        raise StartError(f"--model {file}: {error.strerror}; name a GGUF file or a folder of them") from error
    if begin != MAGIC:
        raise StartError(f"--model {file}: this is no GGUF file; download the model as one, {OTHER_WAY}")
