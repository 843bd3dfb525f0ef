from __future__ import annotations

from pathlib import Path

import pytest

from localops.ollama.errors import StartFailure
from localops.ollama.gguf_header import describe, parameter_size, read_header
from localops.ollama.llamacpp import BUILTIN_FILE, builtin_model


def test_the_built_in_file_says_what_it_is():
    model, _ = builtin_model()
    assert (model.name, model.family, model.quantization_level) == ("mastrogpt-tiny:3m", "llama", "Q8_0")
    assert (model.parameter_size, model.context_length, model.embedding_length) == ("3.26M", 1024, 192)
    assert (model.license, model.capabilities) == ("Apache-2.0", ("completion",))
    assert "<|" in model.info["tokenizer.chat_template"]
    assert model.info["tokenizer.ggml.tokens"] is None


def test_the_digest_changes_with_the_header(tmp_path: Path):
    changed = tmp_path / "changed.gguf"
    changed.write_bytes(BUILTIN_FILE.read_bytes().replace(b"builtin", b"changed", 1))
    assert read_header(changed).digest != read_header(BUILTIN_FILE).digest


def test_a_template_with_think_makes_a_thinking_model(tmp_path: Path):
    thinker = tmp_path / "thinker.gguf"
    thinker.write_bytes(BUILTIN_FILE.read_bytes().replace(b"{%- endfor -%}", b"<think>-%}    "[:14], 1))
    assert describe(thinker, "thinker").can("thinking")


@pytest.mark.parametrize("length", [0, 3, 4, 23, 24, 100, 5000])
def test_a_file_cut_anywhere_in_its_header_is_refused(tmp_path: Path, length: int):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(BUILTIN_FILE.read_bytes()[:length])
    with pytest.raises(StartFailure, match=r"cut\.gguf is not a whole GGUF file"):
        read_header(cut)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [(8_030_261_312, "8.0B"), (3_049_920, "3.05M"), (137_000_000, "137.00M"), (22_500, "22K"), (7, "7")],
)
def test_a_number_of_weights_is_said_as_ollama_says_it(parameters: int, text: str):
    assert parameter_size(parameters) == text
