from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.rows import CLOSED, closed, refused
from training.evaluation.comparison import compare, mcnemar_exact, paired_difference_interval


@pytest.mark.parametrize(
    ("first", "other", "expected"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (0, 5, 2 / 32),
        (1, 9, 2 * (1 + 10) / 1024),
        (6, 16, 0.052479),  # binomial, 22 at one half: twice the tail up to 6
        (0, 1, 1.0),
    ],
)
def test_p_values_are_those_of_the_binomial(first: int, other: int, expected: float) -> None:
    assert mcnemar_exact(first, other) == pytest.approx(expected, abs=1e-6)
    assert mcnemar_exact(other, first) == mcnemar_exact(first, other)


def test_many_rows_do_not_overflow() -> None:
    assert 0 < mcnemar_exact(20_000, 20_600) < 0.01
    assert mcnemar_exact(0, 20_000) < 1e-300


@given(st.integers(0, 60), st.integers(0, 60))
def test_p_value_is_a_probability_and_falls_with_the_imbalance(fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert 0 < mcnemar_exact(fewer, more) <= 1
    assert mcnemar_exact(fewer, more + 5) <= mcnemar_exact(fewer, more) + 1e-12 or fewer == more


def test_interval_of_the_difference_is_the_one_worked_out_by_hand() -> None:
    # 10.5 and 2.5 of 102: middle 8 / 102, variance (13 - 64 / 102) / 102 squared.
    low, high = paired_difference_interval(10, 2, 100)
    half = 1.959964 * (13 - 64 / 102) ** 0.5 / 102
    assert (low, high) == pytest.approx((8 / 102 - half, 8 / 102 + half), abs=1e-6)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_interval_mirrors_when_the_two_change_places(first: int, other: int, rest: int) -> None:
    rows = first + other + rest + 1
    low, high = paired_difference_interval(first, other, rows)
    assert -1 <= low < high <= 1
    assert paired_difference_interval(other, first, rows) == pytest.approx((-high, -low))


def test_pairs_are_counted_by_who_is_right() -> None:
    ours = [closed("happy", answer) for answer in ("happy", "happy", "happy", "sad", "sad")]
    theirs = [closed("happy", answer) for answer in ("happy", "happy", "sad", "happy", "none")]
    found = compare(CLOSED, ours, theirs)
    assert (found.both_right, found.only_first_right, found.only_other_right, found.neither_right) == (2, 1, 1, 1)
    assert (found.accuracy, found.other_accuracy, found.difference) == (0.6, 0.6, 0.0)
    assert found.same_answers == 2
    assert found.mcnemar_p == 1.0


def test_a_refusal_is_the_same_answer_as_a_refusal_only() -> None:
    pairs = [(refused("sad"), refused("sad")), (refused("sad"), closed("sad", "sad"))]
    found = compare(CLOSED, [one for one, _ in pairs], [other for _, other in pairs])
    assert (found.same_answers, found.only_other_right, found.neither_right) == (1, 1, 1)


def test_other_rows_are_no_pair() -> None:
    with pytest.raises(ValueError, match="zip"):
        compare(CLOSED, [closed("sad", "sad")], [])
