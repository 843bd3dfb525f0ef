"""Streams through processes of their own, and what is recorded of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.action import ActionProcess
from bench.command import MAIN_FILE
from bench.errors import BenchError
from bench.model import ModelProcess
from bench.readers import IncrementalReader
from bench.streams import Chain, Stream, numbered
from bench.worker import Worker
from tests.scripted.script import Schedule

SENDERS = Path(__file__).with_name("senders")
SLOWLY = Schedule(first_s=0.02, tokens_per_s=20)


@pytest.fixture(scope="module")
def model() -> Iterator[ModelProcess]:
    with ModelProcess() as process:
        yield process


@pytest.fixture(scope="module")
def slow(model: ModelProcess) -> Stream:
    """Five tokens, streamed slowly by an action that loses none."""
    with Chain(model, MAIN_FILE) as chain:
        return chain.steady_stream(numbered(5), SLOWLY)


def test_all_tokens_of_a_slow_model_arrive(slow: Stream):
    assert slow.read_by(IncrementalReader()).text == "<0000><0001><0002><0003><0004>"
    assert slow.reads[0][1].startswith(b'{"output": "<0000>')


def test_each_token_has_the_time_at_which_it_left_and_came(slow: Stream):
    came_s = slow.came_s()
    assert slow.call.started_s < slow.sent_s[0]
    assert all(sent < came for sent, came in zip(slow.sent_s, came_s, strict=True))
    assert sorted(came_s) == came_s
    assert SLOWLY.tokens_per_s
    assert slow.sent_s[-1] - slow.call.started_s >= SLOWLY.first_s + 4 / SLOWLY.tokens_per_s


def test_what_the_call_cost_is_told(slow: Stream):
    assert 0 < slow.call.processor_s < slow.call.ended_s - slow.call.started_s
    assert slow.call.peak_bytes > 2**20
    assert slow.relayed.read_bytes == sum(len(data.replace(b"\n", b"")) for _, data in slow.reads)


def test_a_stream_with_losses_gives_no_times(model: ModelProcess):
    with Chain(model, SENDERS / "taught.py") as chain:
        stream = chain.stream(numbered(500), Schedule())
    with pytest.raises(BenchError, match="tokens were lost"):
        stream.came_s()


def test_an_action_that_raises_is_an_error_that_says_so(model: ModelProcess):
    with Chain(model, SENDERS / "broken.py") as chain, pytest.raises(BenchError, match="no idea what to do"):
        chain.stream(numbered(1), Schedule())


def test_an_action_that_does_not_stream_is_an_error_that_says_so(model: ModelProcess):
    with Chain(model, SENDERS / "chatty.py") as chain, pytest.raises(BenchError, match="never connected"):
        chain.stream(numbered(1), Schedule())


class TestAnActionsProcess:
    def test_it_runs_in_its_folder_with_an_empty_environment_and_may_print(
        self, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("LOGIN_SECRET", "do not pass on")
        with ActionProcess(SENDERS / "chatty.py") as action:
            seen = action.call({"input": "x"}).result
        assert seen["cwd"] == seen["path"] == str(SENDERS)
        assert seen["args"] == {"input": "x"}
        assert "__OW_DEADLINE" in seen["names"]
        assert "LOGIN_SECRET" not in seen["names"]

    def test_one_that_ends_its_process_is_an_error_with_its_last_words(self):
        with ActionProcess(SENDERS / "exits.py") as action, pytest.raises(BenchError, match="going down"):
            action.call({})

    def test_one_that_cannot_be_loaded_is_an_error_with_the_reason(self, tmp_path: Path):
        (tmp_path / "__main__.py").write_text("import no_such_module\n")
        with pytest.raises(BenchError, match="no_such_module"):
            ActionProcess(tmp_path / "__main__.py")

    def test_one_that_says_nothing_in_time_is_an_error(self):
        with (
            ActionProcess(SENDERS / "chatty.py") as action,
            pytest.raises(BenchError, match=r"said nothing for 0\.05 s"),
        ):
            action.outcome(0.05)


def test_a_model_tells_when_it_was_asked_and_when_its_client_left(model: ModelProcess):
    model.say("loading", ["x"], Schedule(first_s=30))
    with ActionProcess(SENDERS / "taught.py") as action:
        action.tell({"input": "loading", "OLLAMA_HOST": model.host})
        asked_s = model.wait_asked("loading")
    assert model.wait_closed("loading") > asked_s


def test_a_worker_that_does_not_start_is_an_error_with_the_reason():
    with Worker("bench.nothing") as worker, pytest.raises(BenchError, match="No module named"):
        worker.ask({})
