"""LangChain's chat and embedding models for Ollama, which nobody here wrote, against both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import langchain_ollama
import pytest
from scripted_ollama import Answer, Fails, ScriptedOllama

ITALY = "What is the capital of Italy?"


@pytest.fixture
def langchain() -> Iterator[Callable[..., Any]]:
    """Make LangChain's models; they cannot close the connections that they keep, so it is done here."""
    made: list[Any] = []

    def make(kind: str, url: str, model: str, **options: object) -> Any:
        made.append(getattr(langchain_ollama, kind)(base_url=url, model=model, **options))
        return made[-1]

    yield make
    for each in made:
        each._client.close()


@pytest.fixture
def chat(langchain) -> Callable[..., Any]:
    return lambda url, model, **options: langchain("ChatOllama", url, model, temperature=0, **options)


def test_it_answers_with_its_counters(server, chat):
    message = chat(server.url, server.model).invoke(ITALY)
    counted, told = message.usage_metadata, message.response_metadata
    assert "Rome" in message.content
    assert (told["model"], told["done_reason"]) == (server.model, "stop")
    assert counted["total_tokens"] == counted["input_tokens"] + counted["output_tokens"] > 4


def test_it_streams(server, chat):
    parts = list(chat(server.url, server.model).stream(ITALY))
    assert len(parts) > 4
    assert "Rome" in "".join(part.content for part in parts)


def test_it_works_asynchronously(server, chat):
    async def both() -> tuple[Any, str]:
        model = chat(server.url, server.model)
        whole = await model.ainvoke(ITALY)
        streamed = "".join([part.content async for part in model.astream(ITALY)])
        await model._async_client.close()
        return whole, streamed

    whole, streamed = asyncio.run(both())
    assert "Rome" in whole.content
    assert "Rome" in streamed


def test_a_conversation_and_options_reach_the_model(chat):
    with ScriptedOllama("one two three") as scripted:
        model = chat(scripted.url, "llama3.1:8b", num_predict=2, stop=["three"], seed=7)
        turns = [("system", "Be brief."), ("human", "Hi"), ("ai", "Hello"), ("human", "Count")]
        message = model.invoke(turns)
        body = scripted.requests[0].body
    assert message.content == "one two"
    assert [turn["role"] for turn in body["messages"]] == ["system", "user", "assistant", "user"]
    wanted = {"temperature": 0, "num_predict": 2, "stop": ["three"], "seed": 7}
    assert body["options"] == wanted


def test_thinking_is_kept_apart(chat):
    with ScriptedOllama(Answer("Rome.", thinking="Let me see.")) as scripted:
        message = chat(scripted.url, "deepseek-r1:32b", reasoning=True).invoke(ITALY)
    assert (message.content, message.additional_kwargs["reasoning_content"]) == ("Rome.", "Let me see.")


def test_an_unknown_model_and_a_failure_in_the_middle_are_raised(server, chat):
    with pytest.raises(Exception, match="model 'nix' not found"):
        chat(server.url, "nix").invoke(ITALY)
    failing = Answer("one two three", faults=[Fails("boom", after=2)])
    with ScriptedOllama(failing) as scripted, pytest.raises(Exception, match="boom"):
        list(chat(scripted.url, "llama3.1:8b").stream(ITALY))


def test_it_embeds(embedder, langchain):
    model = langchain("OllamaEmbeddings", embedder.url, "tiny-embedder")
    documents = model.embed_documents(["one", "two"])
    assert len(documents) == 2
    assert model.embed_query("one") == pytest.approx(documents[0], abs=1e-5)
