"""However an action ends behind the streamer, and whatever its reader accepts, production's streamer lives.

It ends, and with it everybody's stream, when OpenWhisk answers its call of a web action with a status other
than 2xx after the stream has ended or the reader has left; 406 is one, for a body of a type that the reader
does not accept. So each action must connect, and return 2xx without a body.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, get_args

import httpx
import pytest
from localops_process import ROOT, LocalopsProcess
from production_streamer import ProductionStreamer
from scripted_ollama import (
    Answer,
    End,
    Fails,
    Fin,
    Insert,
    RepeatEnd,
    Reset,
    Schedule,
    Script,
    ScriptedOllama,
    Slice,
    Stall,
    Status,
    error_line,
)
from streamock import Streamock

from tests.scripted.faults import Fault

ACCEPTS = ("*/*", "application/json", "text/event-stream", "text/html")
TIMEOUT_S = 60
TEXT = "one two three four"
HTML = "<html><body>Bad gateway</body></html>"
CHATS = ("stateless", "assistant")
OTHERS = (
    "chat/simple",
    *(f"mastrogpt/{name}" for name in ("index", "hello", "demo", "display", "login", "health")),
)
FAULTS: dict[str, Answer] = {
    f"{type(fault).__name__} {where}": Answer(TEXT, faults=(fault,))
    for where, after in (("before the answer", 0), ("within", 2), ("before its end", None))
    for fault in (Fails(after=after or 0), Insert(b"garbage\n", after), End(after), Fin(after), Reset(after))
} | {
    "Status of a proxy": Answer(TEXT, faults=(Status(401, HTML),)),
    "Status of an unknown model": Answer(TEXT, faults=(Status(404, {"error": "model 'x' not found"}),)),
    "Status of a busy server": Answer(TEXT, faults=(Status(503, {"error": "server busy"}),)),
    "RepeatEnd": Answer(TEXT, faults=(RepeatEnd(),)),
    "Slice": Answer(TEXT, faults=(Slice(1),)),
    "an error line": Answer(TEXT, faults=error_line("out of memory", after=2)),
    "nothing at all": Answer(""),
}  # fmt: skip
STALLS = {
    "Stall before the answer": Answer(TEXT, faults=(Stall(after=0),)),
    "Stall within": Answer(TEXT, faults=(Stall(after=2),)),
    "no end": Answer("word ", endless=True, schedule=Schedule(tokens_per_s=50)),
}
ANSWERS = {"answer": Answer(TEXT), **FAULTS, **STALLS}
ODD_INPUTS: list[Any] = ["", None, 5, ["a"], {"form": {"a": "b"}}, "@", "\x00", "x" * 200_000]


def answer_of(prompt: str) -> Answer:
    """Return the answer that a question names."""
    return next((answer for name, answer in ANSWERS.items() if f"<{name}>" in prompt), ANSWERS["answer"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide the shipped actions; once more with little time, and once more for people who log in alone."""
    folder = tmp_path_factory.mktemp("every_end")
    shutil.copytree(ROOT / "packages", folder / "packages")
    for name, old, new in (
        ("hasty", "--timeout 300000", "--timeout 3000"),
        ("guarded", '"$LOGIN_SECRET"', '"a secret of this test"'),
    ):
        copy = folder / "packages" / name
        shutil.copytree(ROOT / "packages" / "chat", copy)
        mains = [*copy.glob("*.py"), *copy.glob("*/__main__.py")]
        for main in mains:
            text = main.read_text()
            assert old in text
            main.write_text(text.replace(old, new))
    return folder


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[LocalopsProcess]:
    script = Script(answer_of, models=("llama3.1:8b", "deepseek-r1:32b"), parallel=64)
    with (
        ScriptedOllama(script) as ollama,
        LocalopsProcess(project=project, environment={"OLLAMA_HOST": ollama.host}) as process,
    ):
        yield process


class Way(Protocol):
    """A way to stream an action."""

    def stream(self, action: str, members: dict[str, Any], accept: str, end: Callable[[Any], None]) -> None:
        """Stream to a reader; `end` gets the open stream, and what it leaves unread is left.

        Raises:
            AssertionError: production's streamer would have ended.
        """
        ...


class OpenStream(Protocol):
    """A stream that is being read."""

    def first(self) -> None:
        """Wait for the first bytes."""
        ...

    def rest(self) -> None:
        """Read to the end."""
        ...


class _MockStream:
    def __init__(self, mock: Streamock) -> None:
        self._mock = mock

    def first(self) -> None:
        self._mock.wait_frames(1, TIMEOUT_S)

    def rest(self) -> None:
        self._mock.wait_closed(TIMEOUT_S)


class StandIn:
    """Asks for the web action as the streamer does, and holds the answer against what ends the streamer."""

    def __init__(self, url: str) -> None:
        self._url = url

    def stream(self, action: str, members: dict[str, Any], accept: str, end: Callable[[Any], None]) -> None:
        with Streamock() as mock, ThreadPoolExecutor(1) as pool:
            call = pool.submit(
                httpx.post,
                f"{self._url}/api/v1/web/devel/{action}",
                json={**members, **mock.args},
                headers={"accept": accept},
                timeout=TIMEOUT_S,
            )
            end(_MockStream(mock))
            mock.hang_up()
            answer = call.result()
        assert 200 <= answer.status_code < 300, f"{answer.status_code} to a reader of {accept}: {answer.text}"
        assert answer.content == b"", "a body, which some reader does not accept"


class _HttpStream:
    def __init__(self, answer: httpx.Response) -> None:
        self._parts = answer.iter_raw()

    def first(self) -> None:
        assert next(self._parts)

    def rest(self) -> None:
        for _ in self._parts:
            pass


class Production:
    """Asks production's streamer."""

    def __init__(self, streamer: ProductionStreamer) -> None:
        self._streamer = streamer
        self._lock = threading.Lock()
        self._asked = 0

    def stream(self, action: str, members: dict[str, Any], accept: str, end: Callable[[Any], None]) -> None:
        with self._lock:
            self._asked += 1
        url = f"{self._streamer.url}/web/devel/{action}"
        headers = {"accept": accept}
        with httpx.stream("POST", url, json=members, headers=headers, timeout=TIMEOUT_S) as answer:
            assert answer.status_code == 200, answer.read()
            end(_HttpStream(answer))

    def wait(self) -> None:
        """Wait until all calls have been answered."""
        self._streamer.wait_survived(self._asked)


@pytest.fixture(params=["a stand-in", pytest.param("production", marks=pytest.mark.production_streamer)])
def ask(request: pytest.FixtureRequest, running: LocalopsProcess) -> Iterator[Callable[..., None]]:
    """Stream an action to four readers, who accept different types, and have each of them do the same."""
    with contextlib.ExitStack() as closing:
        if request.param == "production":
            way: Way = Production(closing.enter_context(ProductionStreamer(running.url)))
        else:
            way = StandIn(running.url)

        def for_all(action: str, end: Callable[[OpenStream, str], None], **members: Any) -> None:
            def once(accept: str) -> None:
                request_id = secrets.token_urlsafe()
                asked = {**members, "request": request_id}
                way.stream(action, asked, accept, lambda stream: end(stream, request_id))

            with ThreadPoolExecutor(len(ACCEPTS)) as pool:
                for _ in pool.map(once, ACCEPTS):
                    pass
            if isinstance(way, Production):
                way.wait()

        yield for_all


def read_all(stream: OpenStream, _: str) -> None:
    stream.rest()


def leave_at_once(_: OpenStream, __: str) -> None:
    """Leave before anything came."""


def leave_after_the_first_text(stream: OpenStream, _: str) -> None:
    stream.first()


def test_every_fault_of_the_scripted_server_is_among_the_ends():
    used = {type(fault) for answer in ANSWERS.values() for fault in answer.faults}
    assert used == set(get_args(Fault))


def test_every_shipped_action_is_driven():
    shipped = {
        f"{package.name}/{action.stem}"
        for package in (ROOT / "packages").iterdir()
        if package.is_dir()
        for action in package.iterdir()
        if action.suffix == ".py" or (action / "__main__.py").exists()
    }
    assert shipped == {*OTHERS, "chat/countdown", *(f"chat/{chat}" for chat in CHATS)}


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("name", ["answer", *FAULTS])
def test_a_chat_whose_model_answers_or_fails(ask: Callable[..., None], chat: str, name: str):
    ask(f"chat/{chat}", read_all, input=f"<{name}>")


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("name", STALLS)
def test_a_chat_whose_time_is_over(ask: Callable[..., None], chat: str, name: str):
    ask(f"hasty/{chat}", read_all, input=f"<{name}>")


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("name", ["answer", *STALLS])
@pytest.mark.parametrize("leave", [leave_at_once, leave_after_the_first_text])
def test_a_chat_whose_reader_leaves(
    ask: Callable[..., None], chat: str, name: str, leave: Callable[[OpenStream, str], None]
):
    if leave is leave_after_the_first_text and name == "Stall before the answer":
        name = "no end"
    ask(f"hasty/{chat}", leave, input=f"<{name}>")


@pytest.mark.parametrize("chat", CHATS)
def test_a_chat_that_is_stopped(ask: Callable[..., None], running: LocalopsProcess, chat: str):
    def stop(stream: OpenStream, request: str) -> None:
        stream.first()
        httpx.post(f"{running.url}/api/my/chat/{chat}", json={"stop": request}, timeout=TIMEOUT_S)
        stream.rest()

    ask(f"chat/{chat}", stop, input="<no end>")


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("given", ODD_INPUTS, ids=lambda given: repr(given)[:20])
def test_a_chat_that_is_asked_something_odd(ask: Callable[..., None], chat: str, given: Any):
    ask(f"chat/{chat}", read_all, input=given)


@pytest.mark.parametrize("chat", CHATS)
def test_a_stop_that_is_sent_through_the_streamer(ask: Callable[..., None], chat: str):
    ask(f"chat/{chat}", read_all, stop=secrets.token_urlsafe())


@pytest.mark.parametrize("chat", [*CHATS, "countdown", "simple"])
def test_a_chat_for_people_who_log_in_refuses_all_others(ask: Callable[..., None], chat: str):
    ask(f"guarded/{chat}", read_all, input="<answer>")


@pytest.mark.parametrize(
    ("action", "given", "end"),
    [
        ("chat/countdown", "1", read_all),
        ("chat/countdown", "not a number", read_all),
        ("chat/countdown", ["1"], read_all),
        ("hasty/countdown", "100", read_all),
        ("hasty/countdown", "100", leave_at_once),
        ("hasty/countdown", "100", leave_after_the_first_text),
    ],
)
def test_a_countdown(
    ask: Callable[..., None], action: str, given: Any, end: Callable[[OpenStream, str], None]
):
    ask(action, end, input=given)


@pytest.mark.parametrize("action", OTHERS)
@pytest.mark.parametrize("end", [read_all, leave_at_once])
def test_an_action_that_does_not_stream(
    ask: Callable[..., None], action: str, end: Callable[[OpenStream, str], None]
):
    ask(action, end, input="<answer>", username="pinocchio", password="geppetto")
