"""The chat that remembers."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from scripted_ollama import Answer, Insert, Schedule, Script, ScriptedOllama, Stall, Status
from stream_reader import streamed
from streamock import Streamock

from localops.ollama.model import Model

DEADLINE_S = 20


@pytest.fixture
def main(load_action: Any) -> Callable[..., dict[str, Any]]:
    main = load_action("chat/assistant").main

    def answer(ollama: ScriptedOllama, **args: Any) -> dict[str, Any]:
        """Return the body, or the whole answer of an action that streamed."""
        found = main({"OLLAMA_HOST": ollama.host, "input": "hi", **args})
        return found.get("body", found)

    return answer


def sent(ollama: ScriptedOllama) -> list[tuple[str, str]]:
    """Give what the last question to the model held."""
    asked = [request for request in ollama.requests if request.path == "/api/chat"][-1]
    return [(message["role"], message["content"]) for message in asked.body["messages"]]


def test_without_history_and_redis_each_message_is_asked_alone(main: Any, ollama: ScriptedOllama):
    body = main(ollama, input="one")
    main(ollama, input="two", state=body["state"])
    assert body["state"] == "llama3.1:8b"
    assert sent(ollama) == [("user", "two")]


def test_a_history_goes_before_the_message(main: Any, ollama: ScriptedOllama):
    history = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
    ]
    body = main(ollama, input="two", history=history)
    assert sent(ollama) == [("system", "Be brief."), ("user", "one"), ("assistant", "1"), ("user", "two")]
    assert body["output"] == "You said: two"


@pytest.mark.parametrize(
    "history",
    [
        "text",
        5,
        {"role": "user"},
        [5],
        [{"role": "user"}],
        [{"content": "x"}],
        [{"role": "tool", "content": "x"}],
        [{"role": "user", "content": 5}],
        [{"role": ["user"], "content": "x"}],
    ],
)
def test_a_history_that_is_none_is_a_sentence(main: Any, ollama: ScriptedOllama, history: Any):
    assert main(ollama, history=history)["output"].startswith("`history` is not a conversation")
    assert ollama.requests == []


def test_options_are_given_to_the_model_in_its_own_words(main: Any, ollama: ScriptedOllama):
    main(
        ollama,
        options={"temperature": 1, "top_p": 0.5, "max_tokens": 7, "seed": 3, "stop": "x", "top_k": None},
    )
    assert ollama.requests[-1].body["options"] == {
        "temperature": 1.0,
        "top_p": 0.5,
        "num_predict": 7,
        "seed": 3,
        "stop": ["x"],
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (5, "`options` must be an object"),
        ({"warmth": 1}, "There is no option warmth: known are"),
        ({"temperature": "hot"}, "The option temperature must be a number"),
        ({"max_tokens": 1.5}, "The option max_tokens must be a number"),
        ({"max_tokens": True}, "The option max_tokens must be a number"),
        ({"stop": [5]}, "The option stop must be text"),
    ],
)
def test_an_option_that_the_model_would_refuse_is_a_sentence(
    main: Any, ollama: ScriptedOllama, options: Any, sentence: str
):
    assert main(ollama, options=options)["output"].startswith(sentence)
    assert ollama.requests == []


def test_reasoning_is_a_member_of_its_own_for_a_client_that_asks(main: Any, streamer: Streamock):
    with ScriptedOllama(Answer("Rome", thinking="let me see")) as ollama:
        body = streamed(main(ollama, state="deepseek-r1:32b", thinking=True, **streamer.args), streamer)
    assert (body["thinking"], body["output"]) == ("let me see", "Rome")
    assert "".join(frame.get("thinking", "") for frame in streamer.frames()) == "let me see"
    assert streamer.text() == "Rome"


@pytest.mark.parametrize("think_tags", [True, False])
def test_a_client_that_does_not_ask_gets_no_reasoning(main: Any, streamer: Streamock, think_tags: bool):
    with ScriptedOllama(Answer("Rome", thinking="let me see", think_tags=think_tags)) as ollama:
        body = streamed(main(ollama, state="deepseek-r1:32b", **streamer.args), streamer)
    assert body == {"output": "Rome", "streaming": True, "state": "deepseek-r1:32b"}
    assert streamer.frames() == [{"output": "Rome", "state": "deepseek-r1:32b"}]


def test_reasoning_whose_opening_tag_never_came_is_set_apart_and_not_kept(main: Any, redis_server: Any):
    with ScriptedOllama(Script("hm\n</think>\n\nRome", "yes", models=["llama3.1:8b"])) as ollama:
        body = main(ollama, input="a", **redis_server.args)
        main(ollama, input="b", state=body["state"], **redis_server.args)
        assert body["output"] == "hm\n\n\nRome"
        assert sent(ollama)[1] == ("assistant", "Rome")


def test_state_comes_with_the_text_and_not_with_the_reasoning(main: Any, streamer: Streamock):
    with ScriptedOllama(Answer("Rome", thinking="let me see", schedule=Schedule(tokens_per_s=20))) as ollama:
        main(ollama, state="deepseek-r1:32b", thinking=True, **streamer.args)
        streamer.wait_closed()
    assert [frame for frame in streamer.frames() if "state" in frame] == [
        {"output": "Rome", "state": "deepseek-r1:32b"}
    ]


LONG = "word " * 3000


def turns(count: int, text: str = "word " * 100) -> list[dict[str, str]]:
    return [
        {"role": role, "content": f"{role} {number} {text}"}
        for number in range(count)
        for role in ("user", "assistant")
    ]


def test_the_oldest_turns_are_left_out_to_fit_and_the_reply_says_so(main: Any, ollama: ScriptedOllama):
    history = [{"role": "system", "content": "Be brief."}, *turns(20)]
    body = main(ollama, input="now", history=history)
    kept = sent(ollama)
    assert kept[0] == ("system", "Be brief.")
    assert kept[1][0] == "user"
    assert kept[-2][1].startswith("assistant 19")
    assert kept[-1] == ("user", "now")
    left_out = len(history) + 1 - len(kept)
    assert 0 < left_out < 40
    said = f"so the oldest messages are left out: {left_out} of {len(history) + 1}.)\n\n"
    assert body["output"].startswith(f"(The model's context is full, {said}")
    assert body["output"].endswith("You said: now")


def test_a_conversation_that_fits_is_left_whole(main: Any, ollama: ScriptedOllama):
    body = main(ollama, input="now", history=turns(3))
    assert len(sent(ollama)) == 7
    assert body["output"] == "You said: now"


def test_a_message_that_alone_is_too_long_is_asked_all_the_same(main: Any, ollama: ScriptedOllama):
    main(ollama, input=LONG, history=turns(2))
    assert sent(ollama) == [("user", LONG)]


def test_a_small_model_gets_less(main: Any):
    small = Model("tiny:1m", info={"general.architecture": "llama", "llama.context_length": 1024})
    with ScriptedOllama(Script("yes", models=[small])) as ollama:
        main(ollama, input="now", history=turns(10), state="tiny:1m")
        assert 1 < len(sent(ollama)) < 9


@pytest.mark.parametrize(("options", "more"), [({"num_ctx": 100_000}, True), ({"num_ctx": 100}, False)])
def test_a_context_that_the_client_names_counts(main: Any, ollama: ScriptedOllama, options: Any, more: bool):
    main(ollama, input="now", history=turns(20), options=options)
    assert len(sent(ollama)) == (41 if more else 1)
    assert all(request.path == "/api/chat" for request in ollama.requests)


@pytest.mark.parametrize(
    "answer", [Status(404), Status(200, "x"), Status(200, {"model_info": 5}), Status(200, {})]
)
def test_a_server_that_does_not_tell_the_context_is_asked_all_the_same(main: Any, answer: Status):
    with ScriptedOllama(Script("yes", models=["llama3.1:8b"], routes={"/api/show": [answer]})) as ollama:
        assert main(ollama, input="now", history=turns(2))["output"] == "yes"


def test_a_conversation_is_kept_in_redis(main: Any, redis_server: Any):
    with ScriptedOllama(Script("one", "two", "three", models=["llama3.1:8b"])) as ollama:
        state = main(ollama, input="", **redis_server.args)["state"]
        for question in ("a", "b", "c"):
            state = main(ollama, input=question, state=state, **redis_server.args)["state"]
        assert sent(ollama) == [
            ("user", "a"),
            ("assistant", "one"),
            ("user", "b"),
            ("assistant", "two"),
            ("user", "c"),
        ]


def test_a_conversation_ends_a_day_after_its_last_message(
    main: Any, shared: Any, redis_server: Any, ollama: Any
):
    main(ollama, input="a", **redis_server.args)
    with shared("redis_store").redis_store(redis_server.args) as redis:
        times = [redis.do("TTL", key) for key in redis.do("KEYS", "test:chat:*")]
    assert times
    assert all(86_000 < left_s <= 86_400 for left_s in times)


def test_a_conversation_has_a_key_that_nobody_can_guess(main: Any, redis_server: Any, ollama: ScriptedOllama):
    states = {main(ollama, input="", **redis_server.args)["state"] for _ in range(20)}
    ids = {state.split(" ")[0] for state in states}
    assert len(ids) == 20
    assert all(len(each) == 32 for each in ids)


def test_a_conversation_keeps_its_model(main: Any, redis_server: Any, ollama: ScriptedOllama):
    state = main(ollama, input="a", **redis_server.args)["state"]
    chosen = main(ollama, input="@deep", state=state, **redis_server.args)["state"]
    assert chosen.split(" ") == [state.split(" ")[0], "deepseek-r1:32b"]
    main(ollama, input="b", state=chosen, **redis_server.args)
    assert ollama.requests[-1].body["model"] == "deepseek-r1:32b"
    assert len(sent(ollama)) == 3


def test_a_conversation_of_another_user_is_not_known(main: Any, issue: Any, redis_server: Any, ollama: Any):
    settings = {"LOGIN_SECRET": "secret", **redis_server.args}
    state = main(ollama, input="a", token=issue("ada", b"secret"), **settings)["state"]
    main(ollama, input="b", token=issue("eve", b"secret"), state=state, **settings)
    assert sent(ollama) == [("user", "b")]
    main(ollama, input="c", token=issue("ada", b"secret"), state=state, **settings)
    assert len(sent(ollama)) == 3


def test_a_state_that_is_no_key_begins_a_new_conversation(
    main: Any, redis_server: Any, ollama: ScriptedOllama
):
    for state in ("", "x llama3.1:8b", f"{secrets.token_urlsafe(24)}!! m", "\ud83d m", "llama3.1:8b"):
        given = main(ollama, input="a", state=state, **redis_server.args)["state"]
        assert given.split(" ")[0] != state.split(" ")[0]
        assert sent(ollama) == [("user", "a")]


def test_with_a_history_nothing_is_kept(main: Any, redis_server: Any, ollama: ScriptedOllama):
    body = main(ollama, input="a", history=[], **redis_server.args)
    assert body["state"] == "llama3.1:8b"


def test_what_had_been_said_when_it_was_stopped_is_kept(main: Any, redis_server: Any, streamer: Streamock):
    request = secrets.token_urlsafe()
    answer = Answer("one two", faults=(Stall(after=1),))
    with (
        ScriptedOllama(Script(answer, "whole", models=["llama3.1:8b"])) as ollama,
        ThreadPoolExecutor() as callers,
    ):
        asked = callers.submit(main, ollama, input="a", request=request, **streamer.args, **redis_server.args)
        [first] = streamer.wait_frames(1)
        main(ollama, stop=request, **redis_server.args)
        asked.result(DEADLINE_S)
        main(ollama, input="b", state=first["state"], **redis_server.args)
        assert sent(ollama) == [("user", "a"), ("assistant", "one"), ("user", "b")]


def test_an_answer_that_failed_on_the_way_is_not_kept(main: Any, redis_server: Any):
    answer = Answer("one two", faults=(Insert(b"garbage\n", after=1),))
    with ScriptedOllama(Script(answer, "whole", models=["llama3.1:8b"])) as ollama:
        body = main(ollama, input="a", **redis_server.args)
        assert body["output"].startswith("one")
        assert "not part of an answer" in body["output"]
        main(ollama, input="b", state=body["state"], **redis_server.args)
        assert sent(ollama) == [("user", "b")]


def test_reasoning_is_not_kept(main: Any, redis_server: Any):
    with ScriptedOllama(Answer("Rome", thinking="let me see", think_tags=True)) as ollama:
        body = main(ollama, input="a", state="deepseek-r1:32b", **redis_server.args)
        main(ollama, input="b", state=body["state"], **redis_server.args)
        assert sent(ollama)[1] == ("assistant", "Rome")


def test_a_failure_without_an_answer_is_not_kept(main: Any, redis_server: Any):
    broken = Answer("x", faults=(Status(503, {"error": "busy"}),))
    with ScriptedOllama(Script(broken, "whole", models=["llama3.1:8b"])) as ollama:
        body = main(ollama, input="a", **redis_server.args)
        main(ollama, input="b", state=body["state"], **redis_server.args)
        assert sent(ollama) == [("user", "b")]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "nonsense", "redis://127.0.0.1:{silent}"])
def test_without_a_redis_that_answers_it_says_so_and_answers(main: Any, ollama: ScriptedOllama, url: str):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        body = main(ollama, input="a", REDIS_URL=url.format(silent=silent.getsockname()[1]))
    assert body["output"].startswith("(What was said before is not known now: ")
    assert body["output"].endswith("You said: a")


def test_a_long_conversation_does_not_grow_without_end(
    main: Any, shared: Any, redis_server: Any, ollama: Any
):
    state = main(ollama, input="a", **redis_server.args)["state"]
    with shared("redis_store").redis_store(redis_server.args) as redis:
        keys = redis.do("KEYS", "test:chat:*")
        entry = json.dumps({"role": "user", "content": "x"})
        for key in keys:
            redis.do("RPUSH", key, *[entry] * 300)
        main(ollama, input="b", state=state, **redis_server.args)
        assert min(redis.do("LLEN", key) for key in keys) == 200
