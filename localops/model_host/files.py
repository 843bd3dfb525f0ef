"""The models that a person names with `up --model`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localops.errors import StartError

_MAGIC = b"GGUF"


@dataclass(frozen=True)
class ModelFiles:
    """The models that `--model` names.

    Attributes:
        words: as the model server takes them: files, folders, `NAME=FILE`.
        title: what people read.
        is_one: whether it is a single file.
    """

    words: tuple[str, ...]
    title: str
    is_one: bool


def model_files(words: Sequence[str]) -> ModelFiles:
    """Check them as far as can be done at once; large files are read when they are loaded.

    Raises:
        StartError: there is no model at one of them.
    """
    paths = [_path_of(word) for word in words]
    for path in paths:
        check(path)
    title = " and ".join(path.name or str(path) for path in paths)
    return ModelFiles(tuple(words), title, len(paths) == 1 and not paths[0].is_dir())


def _path_of(word: str) -> Path:
    """Return the file of `NAME=FILE`, else the word itself."""
    _, equals, file = word.partition("=")
    return Path(file) if equals and not Path(word).exists() else Path(word)


def check(path: Path) -> None:
    if path.is_dir():
        if not any(each.suffix.lower() == ".gguf" for each in path.iterdir()):
            raise StartError(f"--model {path}: there is no .gguf file in this folder; put one there")
        return
    try:
        with path.open("rb") as stream:
            begin = stream.read(len(_MAGIC))
    except OSError as error:
        raise StartError(f"--model {path}: {error.strerror}; name a GGUF file or a folder of them") from error
    if begin != _MAGIC:
        raise StartError(
            f"--model {path}: this is not a GGUF file; download the model as one, "
            "or have Ollama run it: `ollama pull MODEL`"
        )
