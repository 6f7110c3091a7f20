from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.rows import choice, closed, refused, text
from training.evaluation.calibration import (
    CALIBRATION_BINS,
    calibration_of,
    expected_calibration_error,
    reliability_bins,
)

JUDGED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_a_perfectly_calibrated_set_has_no_error() -> None:
    # Of ten rows at 0.8 eight are right, of ten at 0.6 six.
    confidence = np.array([0.8] * 10 + [0.6] * 10)
    right = np.array([True] * 8 + [False] * 2 + [True] * 6 + [False] * 4)
    assert expected_calibration_error(confidence, right) == pytest.approx(0, abs=1e-12)


def test_calibration_error_is_the_mean_gap_over_bins() -> None:
    # Two bins: 0.95 sure and 1 of 2 right; 0.55 sure and all right.
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, False, True, True])
    assert expected_calibration_error(confidence, right) == pytest.approx((0.45 * 2 + 0.45 * 2) / 4)
    assert expected_calibration_error(np.array([1.0]), np.array([True])) == 0.0
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=np.bool_)) == 0.0


def test_scores_are_those_worked_out_by_hand() -> None:
    # happy at 0.8 and right; sad at 0.6 where happy is right, which has 0.2.
    found = calibration_of([closed("happy", "happy", 0.8), closed("happy", "sad", 0.6)])
    assert found is not None
    assert found.rows == 2
    assert found.mean_confidence == pytest.approx(0.7)
    first, second = 0.2**2 + 2 * 0.1**2, 0.8**2 + 0.6**2 + 0.2**2
    assert found.brier_score == pytest.approx((first + second) / 2)
    assert found.negative_log_likelihood == pytest.approx(-(math.log(0.8) + math.log(0.2)) / 2)
    assert found.expected_calibration_error == pytest.approx((0.2 + 0.6) / 2)


def test_a_right_answer_of_no_probability_leaves_the_likelihood_finite() -> None:
    found = calibration_of([choice("a", "b", ("a", "b"))])
    assert found is not None
    assert found.brier_score == 2
    assert math.isfinite(found.negative_log_likelihood)


def test_rows_without_probabilities_or_without_the_right_answer_among_the_answers_do_not_count() -> None:
    stray = replace(closed("happy", "happy"), answers=("sad", "none", "other"))
    found = calibration_of([closed("sad", "sad"), refused("sad"), stray])
    assert found is not None and found.rows == 1
    assert calibration_of([text("1 + 1", "2"), refused("sad")]) is None


def test_bins_tell_where_they_lie_and_how_sure_their_accuracy_is() -> None:
    bins = reliability_bins(np.array([1.0, 0.95, 0.0]), np.array([True, False, False]))
    assert (bins[0].low, bins[0].rows, bins[0].accuracy) == (0.0, 1, 0.0)
    assert (bins[-1].high, bins[-1].rows, bins[-1].accuracy) == (1.0, 2, 0.5)
    assert bins[-1].accuracy_interval == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert (bins[5].rows, bins[5].confidence, bins[5].accuracy, bins[5].accuracy_interval) == (0, None, None, None)


@given(JUDGED)
def test_bins_hold_every_row_once_and_the_error_is_a_share(judged: list[tuple[float, bool]]) -> None:
    confidence, right = np.array([p for p, _ in judged]), np.array([hit for _, hit in judged])
    bins = reliability_bins(confidence, right)
    assert len(bins) == CALIBRATION_BINS
    assert sum(one.rows for one in bins) == len(judged)
    for one in bins:
        if one.rows:
            assert one.confidence is not None
            assert one.low - 1e-9 <= one.confidence <= one.high + 1e-9
    assert 0 <= expected_calibration_error(confidence, right) <= 1
    # No bins at all: the least that any binning can find (Jensen).
    assert expected_calibration_error(confidence, right) >= abs(confidence.mean() - right.mean()) - 1e-9


@given(JUDGED, st.randoms())
def test_order_of_rows_does_not_matter(judged: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(judged)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = [
        expected_calibration_error(np.array([p for p, _ in rows]), np.array([hit for _, hit in rows]))
        for rows in (judged, shuffled)
    ]
    assert found[0] == pytest.approx(found[1], abs=1e-12)
