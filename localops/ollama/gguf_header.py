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
from localops.ollama.model import Model

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_ARRAY_KEPT = 16  # longer ones are vocabularies; /api/show gives null for those
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
        info: keys and values; arrays longer than 16 are None.
        parameters: weights in all tensors.
        digest: of the header's bytes, so that a file of gigabytes is known at once.
    """

    info: dict[str, Any]
    parameters: int
    digest: str


def read_header(file: Path) -> Header:
    """Read a GGUF file's header.

    Raises:
        StartFailure: no such file, or not a GGUF file.
    """
    try:
        with file.open("rb") as stream:
            return _header(stream)
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
        template=template,
        license=licence or str(info.get("general.license", "")),
        info={**info, "general.parameter_count": header.parameters},
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

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
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
        if kind in _SCALARS and length > _LONGEST_ARRAY_KEPT:
            self.take(length * struct.calcsize(f"<{_SCALARS[kind]}"))
            return None
        items = [self.value(kind) for _ in range(length)]
        return items if length <= _LONGEST_ARRAY_KEPT else None


def _header(stream: BinaryIO) -> Header:
    reader = _Reader(stream)
    if reader.take(4) != b"GGUF":
        raise struct.error("no GGUF magic")
    reader.number("I")  # version: 2 and 3 differ in nothing that is read here
    tensors, pairs = reader.number("Q"), reader.number("Q")
    info: dict[str, Any] = {}
    for _ in range(pairs):
        key = reader.text()
        info[key] = reader.value(reader.number("I"))
    parameters = sum(_tensor_size(reader) for _ in range(tensors))
    return Header(info, parameters, reader.digest())


def _tensor_size(reader: _Reader) -> int:
    reader.text()
    dimensions = [reader.number("Q") for _ in range(reader.number("I"))]
    reader.take(4 + 8)  # type and offset
    return math.prod(dimensions)
