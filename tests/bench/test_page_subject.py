"""That the page is measured in a real browser, on a small scale: not how fast this machine is."""

from __future__ import annotations

import shutil

import pytest

from bench.baselines import markdown_writer
from bench.command import MAIN_FILE
from bench.errors import BenchError
from bench.subjects import page
from bench.target import Target


def test_the_writer_marks_every_thousandth_token():
    tokens = list(markdown_writer.tokens(2500))
    assert len(tokens) == 2500
    assert [number for number, token in enumerate(tokens, 1) if " mark" in token] == [1000, 2000]
    assert tokens[999].endswith(" mark1000; ")


@pytest.mark.browser
def test_a_long_reply_is_measured_at_its_beginning_and_its_end():
    if shutil.which("chromium") is None:
        pytest.skip("no chromium on the PATH: install it to run the browser tests")
    figures = {figure.name: figure.value for figure in page.measure(Target(MAIN_FILE, effort=0))}
    assert set(figures) == {
        "page: needed for the first paint",
        "page: first paint",
        "page: CPU per token at the beginning",
        "page: CPU per token at the end, beside the beginning",
        "page: longest task after the first thousand tokens, CPU",
    }
    assert all(value > 0 for value in figures.values())


def test_where_there_is_no_browser_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BenchError, match="Chromium"):
        next(page.measure(Target(MAIN_FILE)))
