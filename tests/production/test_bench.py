"""The benchmark through production's own streamer: that it is measured, not how fast this machine is."""

from __future__ import annotations

import pytest

from bench.command import MAIN_FILE, measurable, subjects
from bench.errors import BenchError
from bench.subjects import production
from bench.target import Target

SMALL = Target(MAIN_FILE, effort=0.03)


@pytest.mark.production_streamer
def test_losses_leaves_and_stops_are_counted():
    incremental, line, leaves, stops = list(production.measure(SMALL))
    for figure in (incremental, line):
        assert figure.note.startswith(f"{figure.value * 4 / 100:.0f} of 4 runs; of 3,776 tokens ")
    assert leaves.note in ("0 of 1 within 1 s", "1 of 1 within 1 s")
    assert stops.note.startswith(("0 of 1 within 300 ms", "1 of 1 within 300 ms"))
    assert stops.value > 0


def test_without_a_streamer_it_is_not_measured_unasked_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv(production.VARIABLE, raising=False)
    assert set(subjects()) - set(measurable(subjects())) == {"production"}
    with pytest.raises(BenchError, match="STREAMER_BIN names no binary"):
        list(production.measure(SMALL))


def test_a_binary_that_cannot_be_run_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(production.VARIABLE, "/no/such/streamer")
    with pytest.raises(BenchError, match="/no/such/streamer, which STREAMER_BIN names, cannot be run"):
        list(production.measure(SMALL))
