# pyright: basic, reportMissingImports=false
"""Write trained weights and their vocabulary as a GGUF file that llama.cpp loads.

Needs `gguf` and numpy. Source of the layout: ggml docs/gguf.md, llama.cpp gguf-py.
"""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np

from model.network import EPSILON, ROTATION_BASE, Shape
from model.tokenizer import CONTROL_TOKENS, END, PADDING, PARTING

# Every turn is its role's token, its text and the end token; the assistant's role opens the answer. The
# training has short conversations, so the model sees three questions at most. Other roles are the person's.
CHAT_TEMPLATE = (
    "{%- for m in messages -%}"
    "{%- if m['role'] == 'system' or loop.revindex <= 5 -%}"
    "{{ '<|' + (m['role'] if m['role'] in ['system', 'assistant'] else 'user') + '|>' }}"
    "{{ m['content'] + '<|end|>' }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
)
_QUANTIZATION = gguf.GGMLQuantizationType.Q8_0


def export(weights_file: Path, vocabulary_file: Path, file: Path, name: str) -> None:
    """Write a GGUF file with weights of 8 bits."""
    with np.load(weights_file) as saved:
        shape = Shape(**json.loads(str(saved["shape"])))
        weights = {key: saved[key] for key in saved.files if key != "shape"}
    writer = gguf.GGUFWriter(str(file), "llama")
    _write_shape(writer, shape, name)
    _write_vocabulary(writer, vocabulary_file)
    for key, values in weights.items():
        if values.ndim == 1:
            writer.add_tensor(key, values)
        else:
            writer.add_tensor(key, gguf.quants.quantize(values, _QUANTIZATION), raw_dtype=_QUANTIZATION)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: gguf.GGUFWriter, shape: Shape, name: str) -> None:
    writer.add_name(name)
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(ROTATION_BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(shape.vocabulary)


def _write_vocabulary(writer: gguf.GGUFWriter, vocabulary_file: Path) -> None:
    saved = json.loads(vocabulary_file.read_text(encoding="utf-8"))
    numbers = {**saved["model"]["vocab"], **{each["content"]: each["id"] for each in saved["added_tokens"]}}
    tokens = sorted(numbers, key=lambda token: numbers[token])
    merges = [each if isinstance(each, str) else " ".join(each) for each in saved["model"]["merges"]]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PARTING)
    writer.add_token_list(tokens)
    writer.add_token_types([control if token in CONTROL_TOKENS else normal for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(END)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PADDING)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
