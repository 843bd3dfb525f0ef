"""What `bench model` measures, on a small scale: that it is measured, not how fast this machine is."""

from __future__ import annotations

import sys

import pytest

from bench.command import MAIN_FILE, subjects
from bench.errors import BenchError
from bench.subjects import model
from bench.target import Target

SMALL = Target(MAIN_FILE, effort=0.01)


@pytest.mark.usefixtures("llamacpp")
def test_each_figure_stands_beside_its_bar():
    figures = list(model.measure(SMALL))
    assert [figure.bar for figure in figures] == [0.3, 10, 0.8, None, None, 100, None]
    assert all(figure.value > 0 for figure in figures if "memory" not in figure.name)
    assert figures[2].value == pytest.approx(figures[3].value / figures[4].value, rel=0.9)
    assert "of 5 within 100 ms" in figures[5].note


def test_it_is_a_subject_of_bench():
    assert subjects()["model"][1] is model.measure


def test_without_the_wheel_it_says_what_to_install(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "xllamacpp.py").write_text('raise ImportError("no wheel for this machine")')
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BenchError, match="no wheel for this machine; install `xllamacpp`"):
        list(model.measure(SMALL))
