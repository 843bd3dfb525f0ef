"""Turns: order, silence, a full queue, and what becomes of those who leave."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from scripted_ollama import Answer, Script, ScriptedOllama, Stall

from localops.ollama.errors import ServerBusy
from localops.ollama.turns import Turns

PATIENCE = httpx.Timeout(20, read=0.2)
STALLED = Answer("one two", faults=[Stall(after=1)])


def body(prompt: str) -> dict:
    return {"model": "scripted", "prompt": prompt}


def ask(url: str, prompt: str) -> httpx.Response:
    return httpx.post(url + "/api/generate", json={**body(prompt), "stream": False}, timeout=20)


def test_turns_are_given_in_the_order_of_asking():
    order: list[int] = []

    async def take(turns: Turns, number: int) -> None:
        async with turns.turn("m"):
            order.append(number)
            await asyncio.sleep(0)

    async def all_at_once() -> None:
        turns = Turns(parallel=1, max_waiting=10)
        await asyncio.gather(*(take(turns, number) for number in range(10)))

    asyncio.run(all_at_once())
    assert order == list(range(10))


def test_two_models_do_not_wait_for_each_other():
    async def both() -> None:
        turns = Turns(parallel=1, max_waiting=0)
        async with turns.turn("one"), turns.turn("other"):
            pass

    asyncio.run(both())


def test_as_many_run_at_once_as_the_engine_can():
    async def two_of_three() -> bool:
        turns = Turns(parallel=2, max_waiting=10)
        async with turns.turn("m"), turns.turn("m"):
            third = asyncio.ensure_future(turns.turn("m").__aenter__())
            await asyncio.sleep(0)
            return third.cancel()

    assert asyncio.run(two_of_three())


def test_a_full_queue_refuses_and_one_who_leaves_it_makes_room():
    async def fill() -> None:
        turns = Turns(parallel=1, max_waiting=1)
        async with turns.turn("m"):
            waiting = asyncio.ensure_future(turns.turn("m").__aenter__())
            await asyncio.sleep(0)
            with pytest.raises(ServerBusy, match="maximum pending requests exceeded"):
                await turns.turn("m").__aenter__()
            waiting.cancel()
            await asyncio.wait([waiting])
            next_one = asyncio.ensure_future(turns.turn("m").__aenter__())
            await asyncio.sleep(0)
            assert not next_one.done()
        await next_one

    asyncio.run(fill())


def test_a_request_waits_in_silence_until_the_one_before_it_ends_or_leaves():
    with ScriptedOllama(Script(STALLED, "second", parallel=1)) as ollama, ThreadPoolExecutor() as pool:
        with httpx.stream("POST", ollama.url + "/api/generate", json=body("first")) as first:
            lines = first.iter_lines()  # kept: httpx hangs up when it is forgotten
            assert json.loads(next(lines))["response"] == "one"
            second = pool.submit(ask, ollama.url, "second")
            ollama.wait_requests(2)
            assert not second.done()
        assert second.result(timeout=20).json()["response"] == "second"


def test_a_client_that_leaves_the_queue_is_never_served():
    asked: list[str] = []

    def answer(prompt: str) -> str | Answer:
        asked.append(prompt)
        return STALLED if prompt == "first" else prompt

    with ScriptedOllama(Script(answer, parallel=1)) as ollama:
        with httpx.stream("POST", ollama.url + "/api/generate", json=body("first")) as first:
            lines = first.iter_lines()
            next(lines)
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(ollama.url + "/api/generate", json=body("second"), timeout=PATIENCE)
            assert ollama.wait_requests(2)[1].wait_closed(20)
        assert ask(ollama.url, "third").json()["response"] == "third"
        assert ollama.requests[1].answered_s is None


def test_a_full_queue_is_a_503_in_ollamas_words(start_model, tmp_path: Path):
    script = tmp_path / "script.json"
    stall = {"text": "one two", "faults": [{"fault": "Stall", "after": 1}]}
    script.write_text(json.dumps({"answers": [stall], "parallel": 1}))
    with (
        start_model(str(script), module="tests.scripted", environment={"OLLAMA_MAX_QUEUE": "0"}) as server,
        httpx.stream("POST", server.url + "/api/generate", json=body("first")) as first,
    ):
        lines = first.iter_lines()
        next(lines)
        refusal = ask(server.url, "second")
    assert refusal.status_code == 503
    assert refusal.json() == {"error": "server busy, please try again.  maximum pending requests exceeded"}
