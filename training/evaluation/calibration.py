"""Whether a student's probabilities are the shares of its answers that are right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from student.task import normalise_answer
from training.evaluation.intervals import Interval, wilson_interval
from training.evaluation.outcome import Outcome

CALIBRATION_BINS = 15
"""Of equal width, as in Guo et al. 2017."""

_LEAST_PROBABILITY = 1e-300
"""A probability that vanished in rounding counts as this one, so that its logarithm stays finite."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows whose answers are about equally probable.

    Attributes:
        low: of the bin, which holds it; the last bin holds 1 too.
        high: of the bin.
        rows: how many fall into it.
        confidence: their mean probability; None without rows.
        accuracy: share of them that is right; None without rows.
        accuracy_interval: of that share, at 95 % (Wilson); None without rows.
    """

    low: float
    high: float
    rows: int
    confidence: float | None
    accuracy: float | None
    accuracy_interval: Interval | None


@dataclass(frozen=True)
class Calibration:
    """Probabilities against what came true.

    Attributes:
        rows: with probabilities, and with the right answer among the answers.
        mean_confidence: mean probability of the answer given.
        expected_calibration_error: see `expected_calibration_error`.
        brier_score: mean over rows of the squared distances of all answers' probabilities from 1 for the right answer
            and 0 for the others, summed (Brier 1950): 0 is best, 2 worst.
        negative_log_likelihood: mean negative natural logarithm of the right answer's probability.
        bins: of the reliability diagram.
    """

    rows: int
    mean_confidence: float
    expected_calibration_error: float
    brier_score: float
    negative_log_likelihood: float
    bins: tuple[ReliabilityBin, ...]


def calibration_of(outcomes: Sequence[Outcome]) -> Calibration | None:
    """Figures over the rows that have probabilities; None where no row has."""
    confidence, right, brier, likelihood = [], [], [], []
    for row in outcomes:
        place = _right_place(row)
        if row.probabilities is None or place is None:
            continue
        best = max(row.probabilities)
        confidence.append(best)
        right.append(row.correct)
        brier.append(sum((p - (i == place)) ** 2 for i, p in enumerate(row.probabilities)))
        likelihood.append(-math.log(max(row.probabilities[place], _LEAST_PROBABILITY)))
    if not confidence:
        return None
    sure, hits = np.array(confidence), np.array(right, dtype=np.bool_)
    return Calibration(
        rows=len(confidence),
        mean_confidence=float(sure.mean()),
        expected_calibration_error=expected_calibration_error(sure, hits),
        brier_score=math.fsum(brier) / len(brier),
        negative_log_likelihood=math.fsum(likelihood) / len(likelihood),
        bins=reliability_bins(sure, hits),
    )


def _right_place(row: Outcome) -> int | None:
    answers = [normalise_answer(answer) for answer in row.answers]
    gold = normalise_answer(row.gold)
    return answers.index(gold) if gold in answers else None


def reliability_bins(confidence: FloatArray, right: BoolArray) -> tuple[ReliabilityBin, ...]:
    """Rows by the probability of their answers, in `CALIBRATION_BINS` bins of equal width.

    Args:
        confidence: [rows] probability of the answer given, from 0 to 1.
        right: [rows] whether it was right.
    """
    places = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    rows = np.bincount(places, minlength=CALIBRATION_BINS)
    sure = np.bincount(places, weights=confidence, minlength=CALIBRATION_BINS)
    hits = np.bincount(places, weights=right, minlength=CALIBRATION_BINS)
    return tuple(
        ReliabilityBin(
            low=number / CALIBRATION_BINS,
            high=(number + 1) / CALIBRATION_BINS,
            rows=int(rows[number]),
            confidence=float(sure[number] / rows[number]) if rows[number] else None,
            accuracy=float(hits[number] / rows[number]) if rows[number] else None,
            accuracy_interval=wilson_interval(int(hits[number]), int(rows[number])) if rows[number] else None,
        )
        for number in range(CALIBRATION_BINS)
    )


def expected_calibration_error(confidence: FloatArray, right: BoolArray) -> float:
    """Mean distance between confidence and accuracy over bins of confidence, weighted by their rows (Guo et al. 2017).

    Args:
        confidence: [rows] probability of the answer given, from 0 to 1.
        right: [rows] whether it was right.
    """
    if len(confidence) == 0:
        return 0.0
    gaps = [
        one.rows * abs(one.confidence - one.accuracy)
        for one in reliability_bins(confidence, right)
        if one.confidence is not None and one.accuracy is not None
    ]
    return math.fsum(gaps) / len(confidence)
