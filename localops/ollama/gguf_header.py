"""The header of a GGUF file: what a model says about itself, without reading its weights.

Source: ggml docs/gguf.md. Little-endian; strings and arrays carry a 64-bit length in front.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from localops.ollama.errors import StartFailure
from localops.ollama.model import Model, Tensor

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_ARRAY_KEPT = 16  # longer ones are vocabularies; /api/show gives null for those
# ggml's tensor types.
_TENSOR_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K",
    11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32",
    27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16", 39: "MXFP4",
}  # fmt: skip
# llama.cpp's llama_ftype, the ones people meet.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    32: "BF16",
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """A GGUF header.

    Attributes:
        info: keys and values; arrays longer than 16 are None, unless they were asked for.
        parameters: weights in all tensors.
        digest: of the header's bytes, so that a file of gigabytes is known at once.
    """

    info: dict[str, Any]
    parameters: int
    digest: str
    tensors: tuple[Tensor, ...] = ()


def read_header(file: Path, *, long_arrays: bool = False) -> Header:
    """Read a GGUF file's header.

    Args:
        long_arrays: keep vocabularies, which have a hundred thousand entries in large models.

    Raises:
        StartFailure: no such file, or not a GGUF file.
    """
    try:
        with file.open("rb") as stream:
            return _header(_Reader(stream, math.inf if long_arrays else _MAX_ARRAY_KEPT))
    except OSError as error:
        raise StartFailure(
            f"cannot read the model {file}: {error.strerror}; give --model a GGUF file, or a folder of them"
        ) from error
    except (struct.error, KeyError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise StartFailure(f"{file} is not a whole GGUF file; download it again") from error


def describe(file: Path, name: str, licence: str = "") -> Model:
    """Describe the model in a GGUF file.

    Raises:
        StartFailure: as `read_header`.
    """
    header = read_header(file)
    info = header.info
    architecture = str(info.get("general.architecture", ""))
    template = str(info.get("tokenizer.chat_template", ""))
    facts = file.stat()
    return Model(
        name=name,
        size_bytes=facts.st_size,
        digest=header.digest,
        modified_ns=facts.st_mtime_ns,
        family=architecture,
        parameter_size=parameter_size(header.parameters),
        quantization_level=_FILE_TYPES.get(info.get("general.file_type", -1), "unknown"),
        context_length=int(info.get(f"{architecture}.context_length", 0)),
        embedding_length=int(info.get(f"{architecture}.embedding_length", 0)),
        capabilities=_capabilities(info, architecture, template),
        license=licence or str(info.get("general.license", "")),
        info={**info, "general.parameter_count": header.parameters},
        tensors=header.tensors,
        file=file,
    )


def _capabilities(info: dict[str, Any], architecture: str, template: str) -> tuple[str, ...]:
    # Ollama's own rule: what pools its tokens makes vectors, everything else makes text.
    if f"{architecture}.pooling_type" in info:
        return ("embedding",)
    return ("completion", "thinking") if "<think>" in template else ("completion",)


def parameter_size(parameters: int) -> str:
    """Say a number of weights as Ollama does: `8.0B`, `3.05M`. Source: ollama format/format.go."""
    for unit, size, digits in (("B", 1e9, 1), ("M", 1e6, 2), ("K", 1e3, 0)):
        if parameters >= size:
            return f"{parameters / size:.{digits}f}{unit}"
    return str(parameters)


class _Reader:
    """Reads GGUF's basic shapes and remembers all bytes in a hash."""

    def __init__(self, stream: BinaryIO, longest_array: float) -> None:
        self._stream = stream
        self._longest_array = longest_array
        self._hash = hashlib.sha256()

    def digest(self) -> str:
        return self._hash.hexdigest()

    def take(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise struct.error("the file ends inside its header")
        self._hash.update(data)
        return data

    def number(self, code: str) -> Any:
        layout = struct.Struct(f"<{code}")
        return layout.unpack(self.take(layout.size))[0]

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array()
        return self.number(_SCALARS[kind])

    def _array(self) -> list[Any] | None:
        kind, length = self.number("I"), self.number("Q")
        if kind in _SCALARS and length > self._longest_array:
            self.take(length * struct.calcsize(f"<{_SCALARS[kind]}"))
            return None
        items = [self.value(kind) for _ in range(length)]
        return items if length <= self._longest_array else None


def _header(reader: _Reader) -> Header:
    if reader.take(4) != b"GGUF":
        raise struct.error("no GGUF magic")
    reader.number("I")  # version: 2 and 3 differ in nothing that is read here
    tensors, pairs = reader.number("Q"), reader.number("Q")
    info: dict[str, Any] = {}
    for _ in range(pairs):
        key = reader.text()
        info[key] = reader.value(reader.number("I"))
    described = tuple(_tensor(reader) for _ in range(tensors))
    parameters = sum(math.prod(tensor.shape) for tensor in described)
    return Header(info, parameters, reader.digest(), described)


def _tensor(reader: _Reader) -> Tensor:
    name = reader.text()
    shape = tuple(reader.number("Q") for _ in range(reader.number("I")))
    kind = reader.number("I")
    reader.number("Q")  # where its weights begin
    return Tensor(name, _TENSOR_TYPES.get(kind, "unknown"), shape)
