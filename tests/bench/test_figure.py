"""How a figure is judged and printed."""

from __future__ import annotations

import math

import pytest

from bench.figure import Figure, percentile, shown


@pytest.mark.parametrize(
    ("value", "bar", "at_least", "ok"),
    [
        (70.0, 70.0, False, True),
        (70.1, 70.0, False, False),
        (5000.0, 5000.0, True, True),
        (4999.0, 5000.0, True, False),
        (1e9, None, False, True),
        (math.nan, 1.0, False, False),
    ],
)
def test_a_bar_is_reached_or_missed(value: float, bar: float | None, at_least: bool, ok: bool):
    assert Figure("x", value, "ms", bar, at_least).ok is ok


def test_a_row_says_all_that_there_is():
    row = Figure("reader behind", 71.234, "ms", 70, note="p50 30 ms").row()
    assert row.split("  ")[0] == "reader behind"
    assert " ".join(row.split()) == "reader behind 71.2 ms <= 70 ms MISSED p50 30 ms"
    assert " ".join(Figure("rate", 7200, "tok/s", 5000, at_least=True).row().split()).endswith(
        "7,200 tok/s >= 5,000 tok/s ok"
    )
    assert Figure("told", 1.5, "x").row().endswith("1.50 x")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.284, "0.28"), (12.34, "12.3"), (123.4, "123"), (-64.52, "-64.5"), (12345, "12,345")],
)
def test_values_have_three_digits_that_count(value: float, text: str):
    assert shown(value, "") == text


@pytest.mark.parametrize(
    ("samples", "percent", "expected"),
    [
        ([5], 99, 5),
        ([3, 1, 2], 50, 2),
        (range(1, 101), 99, 99),
        (range(1, 101), 50, 50),
        (range(1, 11), 99, 10),
        (range(1, 1001), 99, 990),
    ],
)
def test_a_percentile_is_a_sample_that_so_many_do_not_exceed(
    samples: list[float], percent: float, expected: float
):
    assert percentile(list(samples), percent) == expected
