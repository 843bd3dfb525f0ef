"""What each subject measures, on a small scale: that it is measured, not how fast this machine is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.command import MAIN_FILE
from bench.errors import BenchError
from bench.figure import Figure
from bench.model import ModelProcess
from bench.subjects import cold_import, delivery, first_token, pace, processor, providers, stop, throughput
from bench.subjects.delivery import Damage
from bench.target import Target
from tests.scripted.script import Schedule

SENDERS = Path(__file__).with_name("senders")
SMALL = Target(MAIN_FILE, effort=0.003)


def by_name(figures: list[Figure], part: str) -> Figure:
    """Give the one figure whose name holds `part`."""
    (found,) = [figure for figure in figures if part in figure.name]
    return found


@pytest.mark.parametrize(
    ("text", "lost", "doubled", "damaged"),
    [
        ("<0000><0001><0002>", 0, 0, 0),
        ("", 3, 0, 0),
        ("<0000><0001><0001>", 1, 1, 0),
        ("<0000><00<0001><0002>", 0, 0, 1),
        ("<0001><0000><0002>", 0, 0, 1),
        ("<0000>x<0001>y<0002>z", 0, 0, 3),
    ],
)
def test_damage_counts_what_is_lost_doubled_and_neither(text: str, lost: int, doubled: int, damaged: int):
    damage = Damage.of(text, ["<0000>", "<0001>", "<0002>"])
    assert damage == Damage(lost, doubled, damaged)
    assert damage.total == lost + doubled + damaged


def test_delivery_finds_nothing_lost_with_the_projects_action():
    # A machine that is kept from running the relay may lose some once.
    assert any(nothing_is_lost(list(delivery.measure(SMALL))) for _ in range(3))


def nothing_is_lost(figures: list[Figure]) -> bool:
    assert len(figures) == 3 * (len(delivery.SLOW) + len(delivery.FAST))
    lost = [figure for figure in figures if "incremental" in figure.name and not figure.ok]
    return not [figure for figure in lost if "stalled" not in figure.note]


def test_delivery_finds_what_the_taught_sender_loses():
    with ModelProcess() as model:
        stream = delivery.run(model, Target(SENDERS / "taught.py"), Schedule())
    figures = list(delivery.figures("unthrottled", stream))
    assert not by_name(figures, "incremental reader").ok
    assert "lost" in by_name(figures, "incremental reader").note


def test_a_stall_of_the_relay_excuses_only_those_who_carry_nothing_over():
    with ModelProcess() as model:
        stream = delivery.run(model, Target(SENDERS / "taught.py"), Schedule())
    stalled = replace(stream, relayed=replace(stream.relayed, stall_s=1.0))
    figures = list(delivery.figures("x", stalled))
    assert [figure.bar for figure in figures] == [0, None, None]
    assert "the relay stalled for 1000 ms" in figures[1].note


def test_pace_compares_the_reader_with_the_model():
    figures = list(pace.measure(SMALL))
    for rate in pace.RATES:
        middle, late = by_name(figures, f"{rate} tok/s, p50"), by_name(figures, f"{rate} tok/s, p99")
        assert 0 < middle.value <= late.value
    assert by_name(figures, "on the wire").value > 1


def test_throughput_tells_the_rate_and_the_growth():
    rate, growth = throughput.measure(Target(MAIN_FILE, effort=0.02))
    assert rate.value > 0
    assert growth.value < 100


def test_processor_compares_with_reading_alone():
    figures = list(processor.measure(SMALL))
    assert [figure.unit for figure in figures] == ["x"] * len(processor.SOURCES)
    assert all(figure.value > 0 for figure in figures)


def test_first_token_takes_as_long_as_the_model_at_least():
    added, action, bare_socket, requests = first_token.measure(SMALL)
    assert added.value == pytest.approx(action.value - bare_socket.value)
    assert min(action.value, bare_socket.value, requests.value) >= 1000 * first_token.SCHEDULE.first_s


def test_providers_measures_each_of_its_bars():
    figures = list(providers.measure(SMALL))
    assert [figure.bar for figure in figures] == [1, 20, 50, 20, 1.5, 0.65, 0.65, 0.65]
    silent = by_name(figures, "beyond FALLBACK_AFTER")
    assert silent.value > 0
    assert by_name(figures, "known to be silent").value < 1000  # else the silent server was asked again


def test_cold_import_compares_the_action_with_requests():
    added, action, requests, bare = cold_import.measure(SMALL)
    assert added.value == pytest.approx(action.value - requests.value)
    assert bare.value > 0
    assert " ms" in added.note


def test_an_action_that_cannot_be_loaded_is_named(tmp_path: Path):
    (tmp_path / "__main__.py").write_text("import no_such_module\n")
    with pytest.raises(BenchError, match="no_such_module"):
        list(cold_import.measure(Target(tmp_path / "__main__.py")))


def test_stop_closes_the_models_connection_in_every_phase_and_way():
    figures = list(stop.measure(SMALL))
    assert len(figures) == 2 * len(stop.PHASES)
    assert all(figure.value > 0 for figure in figures)


def test_a_machine_without_redis_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BenchError, match="install Debian's package"):
        list(stop.measure(SMALL))
