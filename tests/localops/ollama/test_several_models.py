"""Several models in one server: listed, loaded when they are asked, one beside the other, and unloaded."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from scripted_ollama import Answer, Script, ScriptedOllama, Stall
from waiting import in_time

from localops.ollama.engine import Embedded, Engine
from localops.ollama.engines import Engines
from localops.ollama.llamacpp import BUILTIN_FILE
from localops.ollama.model import Model
from localops.ollama.residency import Residency
from tests.scripted.engine import ScriptedEngine

ITALY = "What is the capital of Italy?"
NAMES = ["alpha:latest", "beta:q8_0", "tiny-embedder:latest"]
COLD = {"temperature": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, embedder_file: Path) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("alpha.gguf", "Beta-Q8_0.gguf"):
        shutil.copy(BUILTIN_FILE, folder / name)
    shutil.copy(embedder_file, folder)
    (folder / "broken.gguf").write_bytes(b"GGUF")
    return folder


@pytest.fixture
def server(llamacpp, folder: Path) -> Iterator:
    with llamacpp("--model", str(folder)) as server:
        yield server


def loaded(server) -> set[str]:
    return {model["name"] for model in server.get("/api/ps").json()["models"]}


def wait_until_loaded(server, names: set[str]) -> None:
    deadline_s = time.monotonic() + 20
    while loaded(server) != names:
        assert time.monotonic() < deadline_s, loaded(server)


def test_all_are_listed_everywhere_and_what_is_broken_is_named(server, folder: Path):
    assert {model["name"] for model in server.get("/api/tags").json()["models"]} == set(NAMES)
    assert {model["id"] for model in server.get("/v1/models").json()["data"]} == set(NAMES)
    assert server.post("/api/show", model="BETA:q8_0").json()["details"]["quantization_level"] == "Q8_0"
    assert server.post("/api/show", model="tiny-embedder").json()["capabilities"] == ["embedding"]
    assert in_time(server.process.stderr.readline, "the sentence") == (
        f"{folder / 'broken.gguf'} is not a whole GGUF file; download it again\n"
    )


def test_each_is_loaded_when_it_is_asked_and_unloaded_by_keep_alive(server):
    assert loaded(server) == set()
    for name in ("alpha", "beta:q8_0"):
        answer = server.post("/api/generate", model=name, prompt=ITALY, stream=False, options=COLD).json()
        assert (answer["model"], "Rome" in answer["response"]) == (name, True)
    assert loaded(server) == {"alpha:latest", "beta:q8_0"}
    assert server.post("/api/generate", model="alpha", keep_alive=0).json()["done_reason"] == "unload"
    assert loaded(server) == {"beta:q8_0"}
    server.post("/api/generate", model="beta:q8_0", keep_alive="10ms")
    wait_until_loaded(server, set())


def test_an_unknown_name_stays_unknown(server):
    answer = server.post("/api/generate", model="beta", prompt="x")  # its tag is q8_0, not latest
    assert (answer.status_code, answer.json()) == (404, {"error": "model 'beta' not found"})


def test_one_model_streams_while_another_answers(server):
    digits = {"type": "string", "pattern": "^(0123456789){400}$"}
    body = {
        "model": "alpha",
        "prompt": "Hello",
        "raw": True,
        "format": digits,
        "options": {"num_predict": 900},
    }
    with httpx.stream("POST", server.url + "/api/generate", json=body, timeout=20) as stream:
        lines = stream.iter_lines()
        next(lines)
        body = {"model": "beta:q8_0", "prompt": ITALY, "stream": False, "options": COLD}
        other = server.post("/api/generate", **body).json()
        ends = [json.loads(line) for line in lines]
    assert "Rome" in other["response"]
    assert ends[-1]["done_reason"] == "length"


def test_a_file_that_llama_cpp_cannot_load_is_an_error_and_the_others_answer(llamacpp, tmp_path: Path):
    shutil.copy(BUILTIN_FILE, tmp_path / "good.gguf")
    (tmp_path / "hollow.gguf").write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    with llamacpp("--model", str(tmp_path)) as server:
        refusal = server.post("/api/generate", model="hollow", prompt="x")
        answer = server.post("/api/generate", model="good", prompt=ITALY, stream=False, options=COLD).json()
    assert (refusal.status_code, refusal.json()) == (
        500,
        {"error": "llama.cpp cannot load hollow.gguf: it is damaged, or of a kind it does not know"},
    )
    assert "Rome" in answer["response"]


def test_for_one_more_than_may_be_loaded_the_idle_one_that_leaves_first_leaves(llamacpp, folder: Path):
    environment = {"OLLAMA_MAX_LOADED_MODELS": "1"}
    with llamacpp("--model", str(folder), environment=environment) as server:
        for name in ("alpha:latest", "beta:q8_0", "alpha:latest"):
            server.post("/api/generate", model=name)
            assert loaded(server) == {name}


def test_the_built_in_one_can_stay_beside_others(llamacpp, folder: Path):
    arguments = ("--model", "mastrogpt-tiny:3m", "--model", str(folder), "--stands-in-for", "llama3.1:8b")
    with llamacpp(*arguments) as server:
        assert len(server.get("/api/tags").json()["models"]) == 4
        answer = server.post("/api/generate", model="llama3.1:8b", prompt="Hi", stream=False).json()
    assert answer["model"] == "mastrogpt-tiny:3m"


def test_the_first_that_makes_text_answers_for_another_name(llamacpp, embedder_file: Path, folder: Path):
    models = ("--model", str(embedder_file), "--model", str(folder / "alpha.gguf"))
    with llamacpp(*models, "--stands-in-for", "llama3.1:8b") as server:
        answer = server.post("/api/generate", model="llama3.1:8b", prompt="Hi", stream=False).json()
    assert answer["model"] == "alpha:latest"


def test_where_no_model_makes_text_nothing_answers_for_another_name_and_it_says_so(
    llamacpp, embedder_file: Path
):
    names = ("--stands-in-for", "llama3.1:8b", "--stands-in-for", "deepseek-r1:32b")
    with llamacpp("--model", str(embedder_file), *names) as server:
        said = in_time(server.process.stderr.readline, "the sentence")
        refusal = server.post("/api/chat", model="llama3.1:8b", messages=[{"role": "user", "content": "Hi"}])
    assert said == (
        "none of these models makes text, they only embed: "
        "nothing answers for llama3.1:8b and deepseek-r1:32b\n"
    )
    assert (refusal.status_code, refusal.json()) == (404, {"error": "model 'llama3.1:8b' not found"})


def test_where_all_loaded_models_work_the_next_one_waits_for_one_to_end():
    async def last_loaded() -> list[str]:
        engines = [Loadable(name) for name in ("a", "b")]
        residency = Residency(Engines(engines), max_loaded=1)
        a, b = (engine.models[0] for engine in engines)
        await residency.hold(a, None)
        waiting = asyncio.ensure_future(residency.hold(b, None))
        await asyncio.sleep(0)
        assert not waiting.done()
        residency.release(a, 60)
        await waiting
        return [model.name for model, _, _ in residency.loaded()]

    assert asyncio.run(last_loaded()) == ["b"]


class Loadable(ScriptedEngine):
    """A scripted engine that can be loaded and unloaded."""

    def __init__(self, name: str) -> None:
        super().__init__(Script("x", models=[Model(name, context_length=8)]))
        self.is_loaded = False

    def context_loaded(self, model: Model) -> int:
        return model.context_length if self.is_loaded else 0

    async def load(self, model: Model, num_ctx: int | None) -> None:
        await super().load(model, num_ctx)
        self.is_loaded = True

    async def unload(self, model: Model) -> None:
        await super().unload(model)
        self.is_loaded = False


def test_engines_ask_the_one_that_has_the_model():
    async def vectors(engine: Engine) -> list[Embedded]:
        return [await engine.embed(model, "one two") for model in engine.models]

    small, large = (
        ScriptedEngine(Script("x", models=[Model(f"m{size}", embedding_length=size)])) for size in (4, 8)
    )
    assert [len(each.vector) for each in asyncio.run(vectors(Engines([small, large])))] == [4, 8]


def test_a_model_in_use_does_not_hold_up_another_scripted_one():
    script = Script(
        lambda prompt: Answer("one two", faults=[Stall(after=1)]) if prompt == "first" else "second",
        models=("a", "b"),
        parallel=1,
    )
    with ScriptedOllama(script) as ollama:
        body = {"model": "a", "prompt": "first"}
        with httpx.stream("POST", ollama.url + "/api/generate", json=body, timeout=20) as first:
            lines = first.iter_lines()
            next(lines)
            body = {"model": "b", "prompt": "x", "stream": False}
            second = httpx.post(ollama.url + "/api/generate", json=body, timeout=20)
    assert second.json()["response"] == "second"
