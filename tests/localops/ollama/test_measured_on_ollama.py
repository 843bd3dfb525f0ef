"""What a real Ollama 0.32 did when it was asked the same, where its source alone would leave a doubt."""

from __future__ import annotations

import json
import math

import httpx
import openai
import pytest

ITALY = "What is the capital of Italy?"
TURNS = [{"role": "user", "content": ITALY}]
COLD = {"temperature": 0}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generate", {"prompt": ITALY, "options": {**COLD, "num_predict": 0}}),
        ("/api/chat", {"messages": TURNS, "options": {**COLD, "num_predict": 0}}),
        ("/v1/chat/completions", {"messages": TURNS, "max_tokens": 0, **COLD}),
        ("/v1/completions", {"prompt": ITALY, "max_tokens": 0, **COLD}),
    ],
)
def test_a_limit_of_no_tokens_is_none(builtin, path: str, body: dict):
    answer = builtin.post(path, model=builtin.model, stream=False, **body)
    assert "Rome" in answer.text


@pytest.mark.parametrize("stop", [5, None, {}, True])
@pytest.mark.parametrize(
    ("path", "asked"), [("chat/completions", {"messages": TURNS}), ("completions", {"prompt": "x"})]
)
def test_a_stop_that_is_not_text_is_left_out(server, path: str, asked: dict, stop: object):
    answer = server.post(f"/v1/{path}", model=server.model, stop=stop, max_tokens=2, **asked)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/api/embed", "/api/embeddings"])
def test_no_text_has_no_vectors_also_where_the_model_makes_none(server, path: str):
    answer = server.post(path, model=server.model, input="", prompt="")
    assert answer.status_code == 200
    assert answer.json().get("embeddings", answer.json().get("embedding")) == []


def checked(logprobs: list[dict], text: str, top: int) -> None:
    assert "".join(each["token"] for each in logprobs) == text
    for each in logprobs:
        assert each["logprob"] <= 0
        assert bytes(each["bytes"]).decode() == each["token"]
        assert len(each.get("top_logprobs", [])) == top
        if top:  # at temperature 0 the likeliest is taken
            assert each["top_logprobs"][0]["logprob"] == max(
                other["logprob"] for other in each["top_logprobs"]
            )
            assert math.isclose(each["top_logprobs"][0]["logprob"], each["logprob"])


@pytest.mark.parametrize("top", [0, 3])
@pytest.mark.parametrize("path", ["generate", "chat"])
def test_ollamas_form_has_the_probability_of_each_token(builtin, path: str, top: int):
    asked = {"prompt": ITALY} if path == "generate" else {"messages": TURNS}
    body = {
        "model": builtin.model,
        **asked,
        "options": {**COLD, "num_predict": 6},
        "logprobs": True,
        "top_logprobs": top,
    }
    whole = builtin.post(f"/api/{path}", stream=False, **body).json()
    said = whole["response"] if path == "generate" else whole["message"]["content"]
    checked(whole["logprobs"], said, top)
    with httpx.stream("POST", f"{builtin.url}/api/{path}", json=body, timeout=20) as stream:
        lines = [json.loads(line) for line in stream.iter_lines()]
    assert [each for line in lines for each in line.get("logprobs", [])] == whole["logprobs"]
    assert "logprobs" not in lines[-1]


def test_the_openai_client_reads_the_probability_of_each_token(builtin):
    with openai.OpenAI(base_url=f"{builtin.url}/v1", api_key="none") as client:
        asked = client.chat.completions.create(
            model=builtin.model,
            messages=[{"role": "user", "content": ITALY}],
            temperature=0,
            max_tokens=6,
            logprobs=True,
            top_logprobs=2,
        )
    choice = asked.choices[0]
    assert choice.logprobs is not None
    assert choice.message.content is not None
    checked(choice.logprobs.model_dump()["content"], choice.message.content, 2)


def test_completions_take_the_number_of_alternatives(builtin):
    body = {"model": builtin.model, "prompt": ITALY, "max_tokens": 4, **COLD}
    choice = builtin.post("/v1/completions", **body, logprobs=2).json()["choices"][0]
    checked(choice["logprobs"]["content"], choice["text"], 2)
    assert "logprobs" not in builtin.post("/v1/completions", **body).json()["choices"][0]


@pytest.mark.parametrize(
    ("path", "asked"), [("generate", {"prompt": ITALY}), ("generate", {"prompt": ITALY, "raw": True})]
)
def test_an_answer_that_repeats_a_token_is_given_up_in_silence(builtin, path: str, asked: dict):
    """So structured output at temperature 0 comes to an end where a model has nothing more to say."""
    repeated = {"type": "string", "pattern": "^0{800}$"}
    body = {"model": builtin.model, **asked, "format": repeated, "options": {**COLD, "num_predict": 800}}
    with httpx.stream("POST", f"{builtin.url}/api/{path}", json=body, timeout=20) as stream:
        lines = [json.loads(line) for line in stream.iter_lines()]
    assert not any(line["done"] for line in lines)
    assert 30 <= len(lines) < 100
    whole = builtin.post(f"/api/{path}", stream=False, **body).json()
    assert whole["response"] == "".join(line["response"] for line in lines)
    assert (whole["done"], "done_reason" in whole) == (False, False)
