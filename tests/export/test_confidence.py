from __future__ import annotations

import numpy as np
import pytest

from export.confidence import (
    MIN_ROWS,
    Scored,
    confidences,
    fit_confidence,
    fit_temperature,
)
from student.errors import ExportError
from training.evaluation.calibration import expected_calibration_error


def drawn(rows: int, sharpness: float, seed: int = 0) -> list[Scored]:
    """Rows of three answers whose right one is drawn by probabilities that the student then sharpens."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(rows):
        true = random.dirichlet(np.ones(3))
        told = true**sharpness / (true**sharpness).sum()
        made.append(Scored(told, int(random.choice(3, p=true))))
    return made


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_undoes_over_and_underconfidence(sharpness: float) -> None:
    rows = drawn(4000, sharpness)
    temperature = fit_temperature(rows)
    assert temperature == pytest.approx(sharpness, rel=0.1)
    fresh = drawn(4000, sharpness, seed=1)
    before = expected_calibration_error(*confidences(fresh, 1.0))
    after = expected_calibration_error(*confidences(fresh, temperature))
    assert after < 0.03
    assert sharpness == 1.0 or after < before / 2


def test_a_student_without_errors_is_not_made_infinitely_sure() -> None:
    rows = [Scored(np.array([0.9, 0.05, 0.05]), 0)] * 98
    best, _ = confidences(rows, fit_temperature(rows))
    assert 0.95 < best[0] < 0.999


def test_probabilities_that_vanish_do_not_break_the_fit() -> None:
    rows = [Scored(np.array([1.0, 0.0]), 0)] * 30 + [Scored(np.array([1.0, 0.0]), 1)] * 10
    assert np.isfinite(fit_temperature(rows))


def test_few_rows_or_unknown_answers_leave_the_temperature() -> None:
    assert fit_temperature(drawn(MIN_ROWS - 1, 3.0)) == 1.0
    assert fit_temperature([Scored(row.probabilities, None) for row in drawn(100, 3.0)]) == 1.0
    assert fit_temperature([]) == 1.0


def test_threshold_is_the_lowest_that_gives_the_accuracy() -> None:
    # 40 rows at 0.9, all right; 40 at 0.6, half of them.
    sure = [Scored(np.array([0.9, 0.1]), 0)] * 40
    unsure = [Scored(np.array([0.6, 0.4]), i % 2) for i in range(40)]
    rows = sure + unsure
    for wanted, answered in ((1.0, 40), (0.8, 40), (0.75, 80)):
        confidence = fit_confidence("t", rows, wanted)
        best, right = confidences(rows, confidence.temperature)
        kept = np.array([not confidence.abstains(float(probability)) for probability in best])
        assert kept.sum() == answered
        assert right[kept].mean() >= wanted
    assert fit_confidence("t", rows, None).threshold is None


def test_accuracy_that_cannot_be_had_is_refused() -> None:
    rows = [Scored(np.array([0.9, 0.1]), int(i % 4 == 0)) for i in range(40)]
    with pytest.raises(ExportError, match=r"task t: 0.9 is asked for, .* reaches 0.75 at most \(of 40\)"):
        fit_confidence("t", rows, 0.9)
    with pytest.raises(ExportError, match="task t: 5 rows to find a threshold on, 20 are needed"):
        fit_confidence("t", rows[:5], 0.1)
