"""Find the GGUF files to serve, and their names.

A person gives files and folders. A name is, in this order: what stands before `=` in `llama3.1:8b=FILE.gguf`;
a name with its tag in the file's name; the file's name with its quantization as the tag, as Ollama names the
GGUF files of a hub (`Llama-3.2-1B-Q4_K_M.gguf` is `llama-3.2-1b:q4_k_m`); or the file's name, `:latest`.
Files whose names say nothing are called what their metadata calls them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localops.ollama import gguf_header
from localops.ollama.errors import BadRequest, StartFailure
from localops.ollama.model import Model, canonical_name

_SUFFIX = ".gguf"
_QUANTIZATION = re.compile(r"[-._](i?q\d_[a-z0-9_]+|bf16|f16|f32)$")
_PART = re.compile(r"-(\d{5})-of-\d{5}$")
_SAYS_NOTHING = re.compile(r"(ggml[-_]?)?model|sha256-[0-9a-f]{64}|gguf|weights")
_PROJECTOR = "clip"  # the architecture of files that add vision to a model; they are not models


@dataclass
class Found:
    """The models in a place that somebody pointed to.

    Attributes:
        models: with their files, in the order they were given; in a folder by name.
        refusals: a sentence for each file that cannot be served.
    """

    models: list[tuple[Model, Path]] = field(default_factory=list[tuple[Model, Path]])
    refusals: list[str] = field(default_factory=list[str])


def find(given: Sequence[str]) -> Found:
    """Find the models in files and folders; what cannot be served does not hinder the others.

    Args:
        given: each a GGUF file, a folder of them, or `NAME=FILE.gguf`.

    Raises:
        StartFailure: nothing can be served; the text says why for each file.
    """
    found = Found()
    for each in given:
        name, path = _named(each)
        try:
            for file in _files(path):
                _add(found, file, name)
        except StartFailure as error:
            found.refusals.append(str(error))
    if not found.models:
        raise StartFailure("\n".join(found.refusals))
    return found


def name_of(file: Path, header: gguf_header.Header) -> str:
    """Name a model by its file, or by its metadata where the file's name says nothing."""
    stem = _PART.sub("", _without_suffix(file)).lower()
    quantization = _QUANTIZATION.search(stem)
    base = stem[: quantization.start()] if quantization else stem
    if _SAYS_NOTHING.fullmatch(base):
        base = _metadata_name(header) or base
    tag = quantization[1] if quantization else "latest"
    name = _spelled(base)
    return name if ":" in name else f"{name}:{tag}"


def _named(given: str) -> tuple[str, Path]:
    name, equals, path = given.partition("=")
    return (name, Path(path)) if equals and not Path(given).exists() else ("", Path(given))


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    try:
        models = [file for file in path.iterdir() if file.suffix.lower() == _SUFFIX and _is_first(file)]
    except OSError as error:
        raise StartFailure(f"cannot look into the folder {path}: {error.strerror}") from error
    if not models:
        raise StartFailure(f"there is no GGUF file in the folder {path}; put one there, or name a file")
    return sorted(models, key=lambda file: file.name.lower())


def _is_first(file: Path) -> bool:
    part = _PART.search(file.stem)
    return part is None or int(part[1]) == 1  # llama.cpp finds the other parts of a model itself


def _add(found: Found, file: Path, name: str) -> None:
    try:
        header = gguf_header.read_header(file)
        if header.info.get("general.architecture") == _PROJECTOR:
            return
        model = gguf_header.describe(file, _checked(name) if name else name_of(file, header))
    except StartFailure as error:
        found.refusals.append(str(error))
        return
    taken = next((other for known, other in found.models if _same(known.name, model.name)), None)
    if taken is None:
        found.models.append((model, file))
    elif taken != file:
        found.refusals.append(
            f"{file} is not served: {taken} is named {model.name} already; give it another name, "
            f"--model NAME={file}"
        )


def _checked(name: str) -> str:
    try:
        canonical_name(name)
    except BadRequest as error:
        raise StartFailure(f"{name!r} is not a model's name; write it like llama3.1:8b") from error
    return name if ":" in name else f"{name}:latest"


def _same(one: str, other: str) -> bool:
    return canonical_name(one) == canonical_name(other)


def _without_suffix(file: Path) -> str:
    return file.name[: -len(_SUFFIX)] if file.suffix.lower() == _SUFFIX else file.name


def _metadata_name(header: gguf_header.Header) -> str:
    info = header.info
    base, size = str(info.get("general.basename", "")), str(info.get("general.size_label", ""))
    if base and size:
        return f"{base}:{size}".lower()
    return str(info.get("general.name", "")).lower()


def _spelled(name: str) -> str:
    """Leave out what a model's name may not hold: `my model (1)` is `my-model-1`."""
    base, colon, tag = name.partition(":")
    parts = ["-".join(_words(part)) or "model" for part in ((base, tag) if colon else (base,))]
    return ":".join(parts)


def _words(text: str) -> Iterator[str]:
    yield from (word for word in re.split(r"[^a-z0-9_.]+", text) if word.strip("_."))
