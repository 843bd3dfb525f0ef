"""Real inference: what the built-in model says, and that llama.cpp stops, waits, reloads and hides."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from localops.ollama.llamacpp import BUILTIN_FILE, builtin_model

ITALY = "What is the capital of Italy?"
CONTEXT = builtin_model()[0].context_length
SEVERAL_ANSWERS = "Hi"  # it was taught three, equally likely
DIGITS = {"type": "string", "pattern": "^(0123456789){400}$"}
LONG: dict[str, Any] = {"prompt": "Hello", "raw": True, "format": DIGITS, "options": {"num_predict": 900}}


def test_it_knows_the_capital_of_italy(builtin):
    body = {"model": builtin.model, "prompt": ITALY, "options": {"temperature": 0}}
    with httpx.stream("POST", builtin.url + "/api/generate", json=body) as stream:
        texts = [json.loads(line)["response"] for line in stream.iter_lines()]
    assert "".join(texts) == "The capital of Italy is Rome."
    assert len(texts) > 5


def test_a_seed_gives_the_same_answer_again(builtin):
    def answer(seed: int) -> str:
        options = {"seed": seed, "temperature": 1.5, "num_predict": 40}
        return builtin.post(
            "/api/generate", model=builtin.model, prompt=SEVERAL_ANSWERS, stream=False, options=options
        ).json()["response"]

    assert answer(7) == answer(7)
    assert len({answer(seed) for seed in range(10)}) > 1


@pytest.mark.parametrize("only_the_likeliest", [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1}])
def test_what_narrows_the_choice_of_words_is_honoured(builtin, only_the_likeliest: dict[str, float]):
    def answer(seed: int, **options: float) -> str:
        hot = {"temperature": 2, "top_k": 0, "top_p": 1, "num_predict": 30, "seed": seed, **options}
        body = {"model": builtin.model, "prompt": SEVERAL_ANSWERS, "stream": False, "options": hot}
        return builtin.post("/api/generate", **body).json()["response"]

    assert len({answer(seed) for seed in range(5)}) > 1
    assert len({answer(seed, **only_the_likeliest) for seed in range(5)}) == 1


def test_a_system_message_and_earlier_turns_reach_the_model(builtin):
    def counted(**body: object) -> int:
        return builtin.post("/api/generate", model=builtin.model, stream=False, **body).json()[
            "prompt_eval_count"
        ]

    alone = counted(prompt="Hello")
    assert counted(prompt="Hello", system="Be brief.") > alone
    first = builtin.post("/api/generate", model=builtin.model, prompt="Hello", stream=False).json()
    assert counted(prompt="Hello", context=first["context"]) > alone + 2


def test_a_format_makes_json(builtin):
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    body = {"model": builtin.model, "stream": False, "options": {"num_predict": 60, "temperature": 0}}
    by_chat = builtin.post(
        "/api/chat", messages=[{"role": "user", "content": "1 + 1"}], format=schema, **body
    ).json()
    by_openai = builtin.post(
        "/v1/chat/completions",
        model=builtin.model,
        messages=[{"role": "user", "content": "1 + 1"}],
        max_tokens=60,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"schema": schema}},
    ).json()
    any_json = builtin.post("/api/generate", prompt="1 + 1", format="json", **body).json()
    raw = builtin.post("/api/generate", prompt="1 + 1 =", raw=True, format=schema, **body).json()
    assert by_chat["message"]["content"].lstrip().startswith("{")
    assert '"n"' in by_chat["message"]["content"]
    assert '"n"' in by_openai["choices"][0]["message"]["content"]
    assert any_json["response"].lstrip().startswith("{")
    assert raw["response"].lstrip().startswith("{")


def test_openais_json_object_makes_json(builtin):
    choice = builtin.post(
        "/v1/chat/completions",
        model=builtin.model,
        messages=[{"role": "user", "content": "1 + 1"}],
        max_tokens=60,  # llama.cpp's grammar allows a score of spaces before the object
        temperature=0,
        response_format={"type": "json_object"},
    ).json()["choices"][0]
    assert choice["message"]["content"].lstrip().startswith("{")


def test_what_llama_cpp_itself_refuses_is_passed_on(builtin):
    messages = [{"role": "user", "content": "x"}]
    schema = builtin.post("/api/chat", model=builtin.model, messages=messages, format={"type": "bogus"})
    options = builtin.post("/api/chat", model=builtin.model, messages=messages, options={"repeat_last_n": -5})
    assert (schema.status_code, options.status_code) == (400, 400)
    assert schema.json()["error"].startswith("llama.cpp refused the request: ")
    assert "repeat_last_n" in options.json()["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generate", {"prompt": "word " * 2000 + ITALY}),
        ("/api/generate", {"prompt": "word " * 2000 + ITALY, "raw": True}),
        ("/api/generate", {"prompt": ITALY, "system": "word " * 2000}),
        ("/api/chat", {"messages": [{"role": "user", "content": "word " * 2000 + ITALY}]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "word " * 2000 + ITALY}]}),
        ("/v1/completions", {"prompt": "word " * 2000 + ITALY}),
    ],
)
def test_a_prompt_longer_than_the_context_is_cut_and_answered(builtin, path: str, body: dict):
    limits = {"max_tokens": 5} if path.startswith("/v1/") else {"options": {"num_predict": 5}}
    answer = builtin.post(path, model=builtin.model, stream=False, **body, **limits)
    assert answer.status_code == 200
    said = answer.json()
    count = said["usage"]["prompt_tokens"] if "usage" in said else said["prompt_eval_count"]
    assert CONTEXT // 4 < count < CONTEXT


def test_a_prompt_that_may_not_be_cut_is_refused_when_it_fills_the_context(builtin):
    answer = builtin.post("/api/generate", model=builtin.model, prompt="word " * 2000, truncate=False)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(
        "the prompt is longer than the context length currently available to the model; "
    )


def test_a_long_chat_loses_its_oldest_turns_and_is_answered(builtin):
    turn = [{"role": "user", "content": "word " * 600}, {"role": "assistant", "content": "Yes."}]
    messages = [{"role": "system", "content": "Be brief."}, *turn * 8, {"role": "user", "content": ITALY}]
    answer = builtin.post("/api/chat", model=builtin.model, messages=messages, stream=False).json()
    assert answer["done_reason"] in ("stop", "length")
    assert 600 < answer["prompt_eval_count"] < 1024


def test_the_built_in_models_template_shows_it_three_questions_and_the_system_message(builtin):
    def counted(*messages: dict[str, str]) -> int:
        answer = builtin.post("/api/chat", model=builtin.model, messages=messages, stream=False)
        return answer.json()["prompt_eval_count"]

    turn = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello! How are you?"}]
    question = {"role": "user", "content": ITALY}
    three = counted(*turn * 2, question)
    assert counted(question) < counted(*turn, question) < three
    assert counted(*turn * 20, question) == three
    assert counted({"role": "system", "content": "Be brief."}, *turn * 20, question) > three
    assert counted(*turn, {**question, "role": "tool"}) == counted(*turn, question)


def test_num_ctx_bounds_prompt_and_answer_together(builtin):
    body = {"model": builtin.model, **LONG, "stream": False, "options": {"num_ctx": 32}}
    answer = builtin.post("/api/generate", **body).json()
    assert answer["done_reason"] == "length"
    assert answer["prompt_eval_count"] + answer["eval_count"] == 32
    refusal = builtin.post("/api/generate", **{**body, "prompt": "word " * 50, "truncate": False})
    assert (refusal.status_code, "the context holds 32" in refusal.text) == (400, True)


@pytest.mark.parametrize("tokens_read", [0, 1, 20])
def test_the_engine_is_free_at_once_when_a_client_leaves(builtin, tokens_read: int):
    body = {"model": builtin.model, **LONG}
    whole = builtin.post("/api/generate", **body, stream=False).json()
    assert whole["eval_count"] == 900
    waits_ns: list[int] = []
    for _ in range(5):
        with httpx.stream("POST", builtin.url + "/api/generate", json=body) as stream:
            lines = stream.iter_lines()
            for _ in range(tokens_read):
                next(lines)
        following = builtin.post("/api/generate", model=builtin.model, prompt="Hello", stream=False).json()
        waits_ns.append(following["total_duration"])
    # The next one waits for its turn only until the abandoned one has stopped.
    assert statistics.median(waits_ns) < whole["total_duration"] / 2


def test_requests_take_turns_and_all_are_answered(builtin):
    def ask(_: int) -> str:
        options = {"temperature": 0}
        return builtin.post(
            "/api/generate", model=builtin.model, prompt=ITALY, stream=False, options=options
        ).json()["response"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(16))) == {"The capital of Italy is Rome."}


def test_an_unloaded_model_is_loaded_again_when_it_is_asked(builtin):
    name = {"model": builtin.model}
    builtin.post("/api/generate", **name, keep_alive=0)
    assert builtin.get("/api/ps").json() == {"models": []}
    answer = builtin.post("/api/generate", **name, prompt=ITALY, stream=False, keep_alive=-1).json()
    assert answer["load_duration"] > 1_000_000
    assert builtin.get("/api/ps").json()["models"][0]["expires_at"] > "2030"


def test_loading_and_unloading_at_once_again_and_again_does_not_hang(builtin):
    for _ in range(20):
        for keep_alive, reason in (("5m", "load"), (0, "unload")):
            answer = builtin.post("/api/generate", model=builtin.model, keep_alive=keep_alive).json()
            assert answer["done_reason"] == reason


def test_keep_alive_unloads_after_its_time(builtin):
    builtin.post("/api/generate", model=builtin.model, prompt="Hi", keep_alive="10ms")
    deadline_s = time.monotonic() + 20
    while builtin.get("/api/ps").json()["models"]:
        assert time.monotonic() < deadline_s


def sockets_of(pid: int) -> set[str]:
    inodes: set[str] = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            inodes.update(re.findall(r"socket:\[(\d+)\]", os.readlink(link)))
    return inodes


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_llama_cpps_own_listener_cannot_be_reached(builtin):
    builtin.post("/api/generate", model=builtin.model)
    sockets = sockets_of(builtin.process.pid)
    tcp = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {int(row[1].split(":")[1], 16) for row in tcp if row[9] in sockets and row[3] == "0A"}
    assert listening == {httpx.URL(builtin.url).port}
    unix = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    paths = {row[7] for row in unix if row[6] in sockets and len(row) > 7}
    for path in paths:
        with socket.socket(socket.AF_UNIX) as client, pytest.raises(FileNotFoundError):
            client.connect(path)


def test_a_persons_own_file_has_the_name_of_the_file(llamacpp, tmp_path: Path):
    file = shutil.copy(BUILTIN_FILE, tmp_path / "My Model-Q8.gguf")
    with llamacpp("--model", str(file)) as server:
        assert server.model == "my-model-q8:latest"
        body = {"prompt": ITALY, "stream": False, "options": {"temperature": 0}}
        answer = server.post("/api/generate", model="my-model-q8", **body).json()
    assert "Rome" in answer["response"]
