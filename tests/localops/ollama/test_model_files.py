"""Files and folders become models with the names that people expect; what cannot be served is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localops.ollama.errors import StartFailure
from localops.ollama.gguf_header import Header
from localops.ollama.llamacpp import BUILTIN_FILE
from localops.ollama.model_files import find, name_of

META = {"general.basename": "Llama-3.1", "general.size_label": "8B"}


def copied(folder: Path, *names: str) -> list[Path]:
    return [Path(shutil.copy(BUILTIN_FILE, folder / name)) for name in names]


def names_found(*given: object) -> list[str]:
    return [model.name for model, _ in find([str(each) for each in given]).models]


@pytest.mark.parametrize(
    ("file", "info", "name"),
    [
        ("llama3.1-8b.gguf", {}, "llama3.1-8b:latest"),
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", {}, "llama-3.2-1b-instruct:q4_k_m"),
        ("qwen2.5.Q8_0.gguf", {}, "qwen2.5:q8_0"),
        ("gemma-IQ3_XXS.GGUF", {}, "gemma:iq3_xxs"),
        ("phi-f16.gguf", {}, "phi:f16"),
        ("llama3.1:8b.gguf", {}, "llama3.1:8b"),
        ("My Model (1).gguf", {}, "my-model-1:latest"),
        ("big-Q4_0-00001-of-00003.gguf", {}, "big:q4_0"),
        ("è.gguf", {}, "model:latest"),
        ("model.gguf", META, "llama-3.1:8b"),
        ("ggml-model-q4_0.gguf", META, "llama-3.1:8b"),
        ("model.gguf", {"general.name": "Tiny One"}, "tiny-one:latest"),
        ("model.gguf", {}, "model:latest"),
        ("sha256-" + "a" * 64, META, "llama-3.1:8b"),
    ],
)
def test_a_file_gets_the_name_that_a_person_expects(file: str, info: dict[str, str], name: str):
    assert name_of(Path(file), Header(info, 1, "")) == name


def test_a_folder_gives_all_its_models_in_the_order_of_their_names(tmp_path: Path):
    copied(
        tmp_path, "b.gguf", "a-q8_0.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf", "notes.txt"
    )
    assert names_found(tmp_path) == ["a:q8_0", "b:latest", "big:latest"]


def test_a_name_can_be_given_with_the_file(tmp_path: Path):
    one, other = copied(tmp_path, "one.gguf", "other.gguf")
    assert names_found(f"llama3.1:8b={one}", f"mine={other}") == ["llama3.1:8b", "mine:latest"]


def test_an_equals_sign_in_a_files_name_is_part_of_it(tmp_path: Path):
    (file,) = copied(tmp_path, "a=b.gguf")
    assert names_found(file) == ["a-b:latest"]


def test_what_cannot_be_served_is_named_and_the_rest_is_found(tmp_path: Path):
    good, _ = copied(tmp_path, "good.gguf", "Good.GGUF.bak")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    found = find([str(tmp_path), str(tmp_path / "none.gguf")])
    assert [file for _, file in found.models] == [good]
    assert found.refusals == [
        f"{broken} is not a whole GGUF file; download it again",
        f"cannot read the model {tmp_path / 'none.gguf'}: No such file or directory; "
        "give --model a GGUF file, or a folder of them",
    ]


def test_two_files_of_one_name_are_one_model_and_a_sentence(tmp_path: Path):
    (tmp_path / "x").mkdir()
    first, second = copied(tmp_path, "m.gguf", "x/M.gguf")
    found = find([str(first), str(second), str(first)])
    assert [file for _, file in found.models] == [first]
    assert found.refusals == [
        f"{second} is not served: {first} is named m:latest already; give it another name, "
        f"--model NAME={second}"
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{}", "there is no GGUF file in the folder {}; put one there, or name a file"),
        ("a b={}/model.gguf", "'a b' is not a model's name; write it like llama3.1:8b"),
    ],
)
def test_nothing_to_serve_is_a_sentence(tmp_path: Path, given: str, message: str):
    if "model.gguf" in given:
        copied(tmp_path, "model.gguf")
    with pytest.raises(StartFailure) as failure:
        find([given.format(tmp_path)])
    assert str(failure.value) == message.format(tmp_path)


def test_a_projector_is_no_model(tmp_path: Path):
    kind = b"general.architecture\x08\0\0\0"  # a string follows
    llama, clip = (kind + len(name).to_bytes(8, "little") + name for name in (b"llama", b"clip"))
    data = BUILTIN_FILE.read_bytes()
    assert llama in data
    (tmp_path / "mmproj.gguf").write_bytes(data.replace(llama, clip, 1))
    copied(tmp_path, "one.gguf")
    found = find([str(tmp_path)])
    assert ([model.name for model, _ in found.models], found.refusals) == (["one:latest"], [])
