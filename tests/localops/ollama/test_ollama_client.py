"""The `ollama` client, which nobody here wrote, against both engines."""

from __future__ import annotations

import asyncio
from typing import Any

import ollama
import pytest
from scripted_ollama import Answer, Fails, ScriptedOllama

ITALY = "What is the capital of Italy?"
MESSAGES = [{"role": "user", "content": ITALY}]
OPTIONS = {"temperature": 0}


@pytest.fixture
def client(server):
    with ollama.Client(server.url) as client:
        yield client


def test_it_lists_shows_and_sees_what_runs(server, client: ollama.Client):
    client.generate(server.model)
    assert "completion" in (client.show(server.model).capabilities or [])
    listed, running = client.list().models, client.ps().models
    assert server.model in {model.model for model in listed}
    assert server.model in {model.model for model in running}


def test_it_generates_and_chats(server, client: ollama.Client):
    generated: Any = client.generate(server.model, ITALY, options=OPTIONS)
    chatted: Any = client.chat(server.model, MESSAGES, options=OPTIONS)
    assert "Rome" in generated.response
    assert "Rome" in (chatted.message.content or "")
    assert generated.done_reason == chatted.done_reason == "stop"
    assert all((reply.eval_count or 0) > 3 for reply in (generated, chatted))
    assert all((reply.total_duration or 0) > 0 for reply in (generated, chatted))


def test_it_streams(server, client: ollama.Client):
    generated: Any = list(client.generate(server.model, ITALY, options=OPTIONS, stream=True))
    chatted: Any = list(client.chat(server.model, MESSAGES, options=OPTIONS, stream=True))
    assert "Rome" in "".join(part.response for part in generated)
    assert "Rome" in "".join(part.message.content or "" for part in chatted)
    for parts in (generated, chatted):
        assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]


def test_a_context_continues(server, client: ollama.Client):
    first = client.generate(server.model, "Hello")
    second = client.generate(server.model, "Hello", context=first.context)
    assert (second.prompt_eval_count or 0) > (first.prompt_eval_count or 0)


def test_it_works_asynchronously(server):
    async def everything() -> tuple[str, str, int]:
        async with ollama.AsyncClient(server.url) as client:
            whole = await client.chat(server.model, MESSAGES, options=OPTIONS)
            parts = [
                part
                async for part in await client.generate(server.model, ITALY, stream=True, options=OPTIONS)
            ]
            listed = await client.list()
        return whole.message.content or "", "".join(part.response for part in parts), len(listed.models)

    whole, streamed, models = asyncio.run(everything())
    assert "Rome" in whole
    assert "Rome" in streamed
    assert models >= 1


@pytest.mark.parametrize("stream", [True, False])
def test_it_raises_what_the_server_refuses(client: ollama.Client, stream: bool):
    with pytest.raises(ollama.ResponseError, match="model 'nix' not found") as refusal:
        list(client.chat("nix", MESSAGES, stream=stream))
    assert refusal.value.status_code == 404


def test_it_raises_an_option_of_the_wrong_type(server, client: ollama.Client):
    with pytest.raises(ollama.ResponseError, match='option "num_predict" must be of type integer') as refusal:
        client.generate(server.model, ITALY, options={"num_predict": "5"})
    assert refusal.value.status_code == 500


def test_it_raises_for_what_the_server_does_not_do(server, client: ollama.Client):
    with pytest.raises(ollama.ResponseError, match="this server does not push models") as refusal:
        client.push(server.model)
    assert refusal.value.status_code == 501


def test_it_raises_an_error_in_the_middle_of_a_stream():
    with ScriptedOllama(Answer("one two three", faults=[Fails("boom", after=2)])) as scripted:
        client = ollama.Client(scripted.url)
        said: list[str | None] = []
        with client, pytest.raises(ollama.ResponseError, match="boom") as refusal:
            said.extend(part.response for part in client.generate("llama3.1:8b", "x", stream=True))
        assert refusal.value.status_code == -1
    assert said == ["one", " two"]


def test_it_sees_thinking():
    thinker = ScriptedOllama(Answer("Rome.", thinking="Let me see."))
    with thinker as scripted, ollama.Client(scripted.url) as client:
        whole = client.chat("deepseek-r1:32b", MESSAGES, think=True)
        parts = list(client.chat("deepseek-r1:32b", MESSAGES, think="low", stream=True))
    assert (whole.message.thinking, whole.message.content) == ("Let me see.", "Rome.")
    assert "".join(part.message.thinking or "" for part in parts) == "Let me see."


def test_line_separators_in_a_token_do_not_break_its_lines():
    odd = "a\u2028b\u2029c\u0085d\x1ee"
    with ScriptedOllama(Answer([odd])) as scripted, ollama.Client(scripted.url) as client:
        assert "".join(part.response for part in client.generate("llama3.1:8b", "x", stream=True)) == odd
