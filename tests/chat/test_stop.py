"""Stop: the request to the model is closed, whatever it is doing and however it is told.

How soon is measured by `python3 -m localops bench`. Here nothing else would end the request in the time that
a test waits: these models are silent or go on for longer.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from deaf_hosts import deaf_host, silent_host
from scripted_ollama import Answer, Schedule, ScriptedOllama, Stall
from stream_reader import streamed
from streamock import Streamock

DEADLINE_S = 20
CHATS = ["chat/stateless", "chat/assistant"]
ANSWERING = Answer("word ", endless=True, schedule=Schedule(tokens_per_s=100))
PHASES = {
    "while it loads": (Answer("late", schedule=Schedule(first_s=60)), 0),
    "between two tokens": (Answer("one two", faults=(Stall(after=1),)), 1),
    "in mid-answer": (ANSWERING, 3),
    "unthrottled": (Answer("word ", endless=True), 3),
}


class Activation(threading.Thread):
    """A call of an action, in a thread of its own."""

    def __init__(self, main: Callable[[dict[str, Any]], dict[str, Any]], args: dict[str, Any]) -> None:
        super().__init__()
        self.answer: dict[str, Any] = {}
        self._main, self._args = main, args
        self.start()

    def run(self) -> None:
        self.answer = self._main(self._args)

    def outcome(self) -> dict[str, Any]:
        """Wait for its end and return its answer."""
        self.join(DEADLINE_S)
        assert not self.is_alive(), "the action does not end"
        return self.answer


@pytest.fixture(params=CHATS)
def main(request: pytest.FixtureRequest, load_action: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return load_action(request.param).main


@pytest.mark.parametrize("phase", PHASES)
def test_a_reader_who_leaves_stops_the_model(main: Any, streamer: Streamock, phase: str):
    answer, frames = PHASES[phase]
    with ScriptedOllama(answer) as ollama:
        activation = Activation(main, {"OLLAMA_HOST": ollama.host, "input": "x", **streamer.args})
        asked = ollama.wait_requests(1, DEADLINE_S)[0]
        streamer.wait_frames(frames)
        assert asked.closed_s is None
        streamer.hang_up()
        assert asked.wait_closed(DEADLINE_S)
        activation.outcome()


@pytest.mark.parametrize("phase", PHASES)
def test_a_stop_key_stops_the_model_though_the_stream_stays_open(
    main: Any, streamer: Streamock, redis_server: Any, phase: str
):
    answer, frames = PHASES[phase]
    request = secrets.token_urlsafe()
    with ScriptedOllama(answer) as ollama:
        args = {"OLLAMA_HOST": ollama.host, "input": "x", "request": request, **redis_server.args}
        activation = Activation(main, {**args, **streamer.args})
        asked = ollama.wait_requests(1, DEADLINE_S)[0]
        streamer.wait_frames(frames)
        assert asked.closed_s is None
        stopped = main({"stop": request, **redis_server.args})["body"]
        assert stopped["output"] == "The answer is being stopped."
        assert asked.wait_closed(DEADLINE_S)
        activation.outcome()
    streamer.wait_closed()
    assert streamer.ended_by == "action"


@pytest.mark.parametrize("asked", ["hello", "@"])
@pytest.mark.parametrize("way", ["leaving", "stop key"])
@pytest.mark.parametrize(
    "where", ["a host that neither accepts nor refuses", "a host that accepts and is silent"]
)
def test_a_stop_before_the_request_is_sent_ends_the_action(
    main: Any, streamer: Streamock, redis_server: Any, where: str, way: str, asked: str
):
    request = secrets.token_urlsafe()
    with deaf_host() if where.endswith("refuses") else silent_host() as host:
        args = {"OLLAMA_HOST": host, "input": asked, "request": request, **redis_server.args}
        activation = Activation(main, {**args, **streamer.args})
        streamer.wait_connected()
        if way == "leaving":
            streamer.hang_up()
        else:
            main({"stop": request, **redis_server.args})
        # Had it waited for the host instead, it would have said what is wrong with that.
        assert streamed(activation.outcome(), streamer)["output"] == ""


def test_a_stop_that_comes_before_its_request_counts_too(main: Any, redis_server: Any):
    request = secrets.token_urlsafe()
    main({"stop": request, **redis_server.args})
    with silent_host() as host:
        args = {"OLLAMA_HOST": host, "input": "x", "request": request, "metrics": True, **redis_server.args}
        assert main(args)["body"]["metrics"]["done_reason"] == "stopped"


def test_a_stop_is_for_one_request_only(main: Any, redis_server: Any):
    main({"stop": secrets.token_urlsafe(), **redis_server.args})
    with ScriptedOllama("whole answer") as ollama:
        args = {"OLLAMA_HOST": ollama.host, "input": "x", **redis_server.args}
        for _ in range(2):
            body = main({**args, "request": secrets.token_urlsafe()})["body"]
            assert body["output"] == "whole answer"


def test_a_stop_is_used_up_by_the_request_that_it_stopped(main: Any, redis_server: Any):
    args = {"input": "x", "request": secrets.token_urlsafe(), **redis_server.args}
    main({"stop": args["request"], **redis_server.args})
    with silent_host() as host:
        assert main({**args, "OLLAMA_HOST": host})["body"]["output"] == ""
    with ScriptedOllama("whole answer") as ollama:
        assert main({**args, "OLLAMA_HOST": ollama.host})["body"]["output"] == "whole answer"


def test_nobody_stops_the_request_of_another(main: Any, issue: Any, streamer: Streamock, redis_server: Any):
    settings = {"LOGIN_SECRET": "secret", **redis_server.args}
    request = secrets.token_urlsafe()
    with ScriptedOllama(ANSWERING) as ollama:
        asked = {
            "OLLAMA_HOST": ollama.host,
            "input": "x",
            "request": request,
            "token": issue("ada", b"secret"),
        }
        activation = Activation(main, {**settings, **asked, **streamer.args})
        streamer.wait_frames(2)
        main({**settings, "stop": request, "token": issue("eve", b"secret")})
        main({**settings, "stop": request})
        streamer.wait_frames(len(streamer.frames()) + 5)
        assert activation.is_alive()
        main({**settings, "stop": request, "token": issue("ada", b"secret")})
        assert ollama.requests[0].wait_closed(DEADLINE_S)
        activation.outcome()


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1", "nonsense", "redis://", "http://x"])
def test_without_redis_a_stop_says_so_and_leaving_still_stops(main: Any, streamer: Streamock, url: str):
    with ScriptedOllama(ANSWERING) as ollama:
        args = {
            "OLLAMA_HOST": ollama.host,
            "input": "x",
            "request": secrets.token_urlsafe(),
            "REDIS_URL": url,
        }
        activation = Activation(main, {**args, **streamer.args})
        streamer.wait_frames(2)
        assert "Nothing was stopped" in main({"stop": args["request"], "REDIS_URL": url})["body"]["output"]
        streamer.hang_up()
        assert ollama.requests[0].wait_closed(DEADLINE_S)
        activation.outcome()


@pytest.mark.parametrize("request_id", [None, "", 5, ["x"], {"a": 1}, "x" * 100_000, "\ud83d"])
def test_any_request_id_is_taken_without_failing(main: Any, redis_server: Any, request_id: Any):
    with ScriptedOllama("whole answer") as ollama:
        args = {"OLLAMA_HOST": ollama.host, "input": "x", "request": request_id, **redis_server.args}
        assert main(args)["body"]["output"] == "whole answer"


def test_a_stopped_reply_says_why_to_a_client_that_asks(main: Any, redis_server: Any):
    request = secrets.token_urlsafe()
    with ScriptedOllama(ANSWERING) as ollama:
        args = {
            "OLLAMA_HOST": ollama.host,
            "input": "x",
            "request": request,
            "metrics": True,
            **redis_server.args,
        }
        activation = Activation(main, args)
        ollama.wait_requests(1, DEADLINE_S)
        main({"stop": request, **redis_server.args})
        metrics = activation.outcome()["body"]["metrics"]
    assert (metrics["done_reason"], metrics["request"]) == ("stopped", request)


def test_no_thread_or_socket_is_left_behind(main: Any, redis_server: Any):
    before = threading.active_count()
    with ScriptedOllama(ANSWERING) as ollama:
        for _ in range(10):
            with Streamock() as mock:
                args = {"OLLAMA_HOST": ollama.host, "input": "x", "request": secrets.token_urlsafe()}
                activation = Activation(main, {**args, **redis_server.args, **mock.args})
                mock.wait_frames(1)
                mock.hang_up()
                activation.outcome()
    deadline_s = time.monotonic() + DEADLINE_S
    while threading.active_count() > before and time.monotonic() < deadline_s:
        threading.Event().wait(0.01)
    assert threading.active_count() <= before
