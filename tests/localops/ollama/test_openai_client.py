"""The `openai` client, which nobody here wrote, against both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from scripted_ollama import Answer, ScriptedOllama, Status

MESSAGES: list[Any] = [{"role": "user", "content": "What is the capital of Italy?"}]


@pytest.fixture
def client(server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0) as client:
        yield client


def test_it_lists_models(server, client: openai.OpenAI):
    assert server.model in [model.id for model in client.models.list()]
    assert client.models.retrieve(server.model).owned_by == "library"


def test_it_chats(server, client: openai.OpenAI):
    reply: Any = client.chat.completions.create(model=server.model, messages=MESSAGES, temperature=0)
    assert "Rome" in reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_it_streams_and_counts(server, client: openai.OpenAI):
    chunks: list[Any] = list(
        client.chat.completions.create(
            model=server.model,
            messages=MESSAGES,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "Rome" in text
    assert chunks[-1].usage.completion_tokens > 3
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_it_completes(server, client: openai.OpenAI):
    reply = client.completions.create(
        model=server.model, prompt="What is the capital of Italy?", temperature=0
    )
    parts = client.completions.create(model=server.model, prompt="Hello", temperature=0, stream=True)
    assert "Rome" in reply.choices[0].text
    assert "".join(part.choices[0].text for part in parts)


def test_it_works_asynchronously(server):
    async def stream() -> str:
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="none") as client:
            chunks = await client.chat.completions.create(
                model=server.model, messages=MESSAGES, temperature=0, stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

    assert "Rome" in asyncio.run(stream())


def test_it_raises_what_the_server_refuses(client: openai.OpenAI, server):
    with pytest.raises(openai.NotFoundError, match="model 'nix' not found"):
        client.chat.completions.create(model="nix", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError, match="is too short - 'messages'"):
        client.chat.completions.create(model=server.model, messages=[])


def test_it_retries_when_it_is_told_to_wait():
    script = [
        Answer(faults=[Status(429, {"error": {"message": "slow down"}}, {"retry-after-ms": "1"})]),
        Answer("Rome."),
    ]
    with ScriptedOllama() as scripted:
        scripted.say(*script)
        with openai.OpenAI(base_url=scripted.url + "/v1", api_key="none", max_retries=1) as client:
            reply = client.chat.completions.create(model="llama3.1:8b", messages=MESSAGES)
        assert len(scripted.requests) == 2
    assert reply.choices[0].message.content == "Rome."
