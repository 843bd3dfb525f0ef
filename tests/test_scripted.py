"""Scripts: queues, functions, schedules, files, and what a server remembers of requests."""

from __future__ import annotations

import itertools
import json
import socket
from pathlib import Path

import httpx
import pytest
from scripted_ollama import Answer, Insert, Schedule, Script, ScriptedOllama, Stall, Status
from waiting import PATIENCE_S

from localops.ollama.errors import StartFailure
from tests.scripted.script import tokens_of
from tests.scripted.script_file import read_script


def ask(ollama: ScriptedOllama, prompt: str = "x", **body: object) -> dict:
    body = {"model": "llama3.1:8b", "prompt": prompt, "stream": False, **body}
    return httpx.post(ollama.url + "/api/generate", json=body).json()


def test_answers_come_in_order_and_the_last_one_stays():
    with ScriptedOllama(
        Script("one", Answer("two"), lambda prompt: prompt + "!", models=["llama3.1:8b"])
    ) as ollama:
        assert [ask(ollama, prompt)["response"] for prompt in "abcd"] == ["one", "two", "c!", "d!"]
        ollama.say("new")
        assert ask(ollama)["response"] == "new"


def test_only_questions_take_an_answer():
    with ScriptedOllama(Script("one", "two", models=["llama3.1:8b"])) as ollama:
        httpx.get(ollama.url + "/api/tags")
        assert ask(ollama, prompt="")["done_reason"] == "load"
        assert ask(ollama)["response"] == "one"


def test_one_script_serves_every_protocol(ollama: ScriptedOllama):
    question = "What is the capital of Italy?"
    chat = {"model": "llama3.1:8b", "messages": [{"role": "user", "content": question}], "stream": False}
    said = "The capital of Italy is Rome."
    assert ask(ollama, question)["response"] == said
    assert httpx.post(ollama.url + "/api/chat", json=chat).json()["message"]["content"] == said
    choice = httpx.post(ollama.url + "/v1/chat/completions", json=chat).json()["choices"][0]
    assert choice["message"]["content"] == said


def test_the_counters_are_true():
    with ScriptedOllama(Answer("one two three", schedule=Schedule(first_s=0.05, tokens_per_s=100))) as ollama:
        answer = ask(ollama, "how many words are there")
    assert (answer["prompt_eval_count"], answer["eval_count"]) == (5, 3)
    waited_ns, spoken_ns = answer["prompt_eval_duration"], answer["eval_duration"]
    assert waited_ns > 0.04e9  # a busy machine is late, never early; then the words come closer together
    assert 0 < spoken_ns < waited_ns + spoken_ns < answer["total_duration"]


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        (Schedule(tokens_per_s=10), [0.0, 0.1, 0.2, 0.3]),
        (Schedule(first_s=1, tokens_per_s=10), [1.0, 1.1, 1.2, 1.3]),
        (Schedule(tokens_per_s=10, burst=4), [0.0, 0.4, 0.8, 1.2]),
    ],
)
def test_a_schedule_says_when_each_burst_is_due(schedule: Schedule, due: list[float]):
    assert list(itertools.islice(schedule.due_times(), 4)) == pytest.approx(due)


def test_jitter_comes_from_its_seed_and_never_turns_back():
    def times(seed: int) -> list[float]:
        return list(itertools.islice(Schedule(tokens_per_s=10, jitter=1.5, seed=seed).due_times(), 50))

    assert times(1) == times(1) != times(2)
    assert times(1) == sorted(times(1))
    assert max(abs(due - i / 10) for i, due in enumerate(times(1))) <= 0.15 + 1e-9


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("one two", ["one", " two"]),
        ("  a\n\nb \n", ["  a", "\n\nb", " \n"]),
        ("", []),
        (["kept ", "as is"], ["kept ", "as is"]),
    ],
)
def test_a_text_is_cut_into_words_with_their_white_space(text, tokens: list[str]):
    assert tokens_of(text) == tokens
    assert isinstance(text, list) or "".join(tokens) == text


def test_requests_are_remembered(ollama: ScriptedOllama):
    httpx.get(ollama.url + "/api/tags?x=1", headers={"X-Mark": "7"})
    deep = b'{"model": ' + b"[" * 2000
    assert httpx.post(ollama.url + "/api/generate", content=deep).status_code == 400
    assert ollama.requests.pop().body is None
    httpx.post(ollama.url + "/api/generate", content=b"{broken")
    ask(ollama, "hello")
    tags, broken, asked = ollama.wait_requests(3)
    assert (tags.method, tags.path, tags.headers["x-mark"], tags.body) == ("GET", "/api/tags", "7", None)
    assert (broken.path, broken.body) == ("/api/generate", None)
    assert asked.body == {"model": "llama3.1:8b", "prompt": "hello", "stream": False}
    assert tags.arrived_s < broken.arrived_s < asked.arrived_s
    assert asked.wait_closed(20)
    assert asked.answered_s is not None


def test_a_client_that_leaves_before_it_has_asked_is_remembered(ollama: ScriptedOllama):
    host, port = ollama.host.split(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as client:
        client.sendall(b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    left = ollama.wait_requests(1)[0]
    assert (left.path, left.body, left.answered_s) == ("/api/chat", None, None)
    assert left.wait_closed(20)


def test_a_connection_that_the_client_keeps_is_not_closed(ollama: ScriptedOllama):
    with httpx.Client(base_url=ollama.url) as client:
        client.get("/api/tags")
        client.get("/api/version")
        assert [request.closed_s for request in ollama.wait_requests(2)] == [None, None]
    assert all(request.wait_closed(20) for request in ollama.requests)


def test_a_kept_connection_is_not_slowed_down_by_acknowledgements(ollama: ScriptedOllama):
    with httpx.Client(base_url=ollama.url) as client:
        client.get("/api/tags")
        took_s = [client.get("/api/tags").elapsed.total_seconds() for _ in range(20)]
    assert min(took_s) < 0.03  # each would take 40 ms


def test_waiting_for_a_request_that_does_not_come_says_so(ollama: ScriptedOllama):
    with pytest.raises(TimeoutError, match="0 of 1 requests"):
        ollama.wait_requests(1, timeout_s=0.01)


def test_servers_do_not_share_anything():
    with ScriptedOllama("one") as one, ScriptedOllama("two") as two:
        assert one.host != two.host
        assert (ask(one)["response"], ask(two)["response"]) == ("one", "two")
        assert (len(one.requests), len(two.requests)) == (1, 1)


def test_a_script_can_be_read_from_a_file(tmp_path: Path):
    file = tmp_path / "script.json"
    file.write_text(
        json.dumps(
            {
                "models": ["m:1"],
                "answers": [
                    "plain",
                    {
                        "text": ["a", "b"],
                        "thinking": "c",
                        "schedule": {"tokens_per_s": 5, "burst": 2},
                        "faults": [
                            {"fault": "Status", "status": 401, "body": {"error": "no"}},
                            {"fault": "Insert", "data": "x\n", "after": None},
                            {"fault": "Stall", "seconds": 1.5},
                        ],
                    },
                ],
            }
        )
    )
    script = read_script(file)
    assert [model.name for model in script.models] == ["m:1"]
    assert script.answers == [
        "plain",
        Answer(
            ["a", "b"],
            thinking="c",
            schedule=Schedule(tokens_per_s=5, burst=2),
            faults=[Status(401, {"error": "no"}), Insert(b"x\n", None), Stall(seconds=1.5)],
        ),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"answers": [], "x": 1}',
        '{"answers": [{"txt": 1}]}',
        '{"answers": [{"faults": [{"fault": "Nix"}]}]}',
    ],
)
def test_a_file_that_is_no_script_is_named(tmp_path: Path, content: str):
    file = tmp_path / "script.json"
    file.write_text(content)
    with pytest.raises(StartFailure, match=r"script\.json is not a script: "):
        read_script(file)
    with pytest.raises(StartFailure, match=r"cannot read the script .*nix\.json"):
        read_script(tmp_path / "nix.json")
