"""A localops of the measurements leaves nothing behind, however it is used."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from bench.desk import Desk
from bench.errors import BenchError


def test_it_is_entered_once_and_leaves_neither_process_nor_folder():
    with ExitStack() as stack:
        desk = stack.enter_context(Desk())
        first = desk.process
        for _ in range(2):
            with pytest.raises(BenchError, match="was started before; make another one"):
                desk.__enter__()
        assert desk.process is first
        assert first.poll() is None
    assert first.poll() is not None
    with pytest.raises(BenchError, match="was started before"):
        desk.__enter__()
    assert not desk.hello.exists()


def test_one_that_does_not_start_leaves_neither_process_nor_folder():
    desk = Desk()
    desk.hello.parent.parent.rename(desk.hello.parents[2] / "elsewhere")
    with pytest.raises(BenchError, match="did not start"):
        desk.__enter__()
    assert desk.process.poll() is not None
    assert not desk.hello.parents[2].exists()
