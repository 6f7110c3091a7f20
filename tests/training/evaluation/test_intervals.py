from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.intervals import share_with_interval, wilson_interval


@pytest.mark.parametrize(
    ("successes", "rows", "low", "high"),
    [
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (0, 10, 0.0, 0.2775),
        # Newcombe 1998, Two-sided confidence intervals for the single proportion, table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_bounds_are_the_published_ones(successes: int, rows: int, low: float, high: float) -> None:
    assert wilson_interval(successes, rows) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_interval_holds_the_share_and_mirrors(counts: tuple[int, int]) -> None:
    successes, rows = counts
    low, high = wilson_interval(successes, rows)
    assert 0 <= low <= successes / rows <= high <= 1
    assert low < high
    assert wilson_interval(rows - successes, rows) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(st.integers(1, 200), st.integers(1, 200))
def test_more_rows_of_the_same_share_are_surer(successes: int, failures: int) -> None:
    low, high = wilson_interval(successes, successes + failures)
    surer_low, surer_high = wilson_interval(4 * successes, 4 * (successes + failures))
    assert surer_high - surer_low < high - low


@pytest.mark.parametrize(("successes", "rows"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{successes} of {rows}"):
        wilson_interval(successes, rows)


def test_a_share_of_no_rows_is_none() -> None:
    assert share_with_interval("accuracy", 0, 0) == {"accuracy": None, "accuracy_interval": None}
    assert share_with_interval("accuracy", 5, 10)["accuracy"] == 0.5
