"""The gate of a lower precision: on rows that it was not calibrated on, its labels are those of float32 PyTorch.

Probabilities differ by rounding, so near ties may fall the other way. Demanded is that clear answers stay, and that
what changes does not make the student worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from export.agreement import Agreement
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from student.task import normalise_answer
from training.data.example import Example
from training.scoring import Answered, TorchStudent

CLEAR_MARGIN = 0.05
"""Difference of the best two probabilities in float32 above which an answer counts as clear."""

CALIBRATION_BINS = 15


@dataclass(frozen=True)
class PrecisionThresholds:
    """What the gate demands.

    Attributes:
        min_clear_agreement: share of rows with a clear answer that keep it.
        min_mcnemar_p: the probability, by McNemar's exact test, that so many more answers turn wrong than right by
            chance; demanded only where more turn wrong.
    """

    min_clear_agreement: float = 0.995
    min_mcnemar_p: float = 0.01


@dataclass
class PrecisionParity:
    """What the comparison found, over rows with a closed answer space.

    Attributes:
        label: all rows.
        clear_label: rows whose best two probabilities in float32 are `CLEAR_MARGIN` apart or more.
        max_probability_difference: of any answer of any row.
        mean_probability_difference: mean over rows of the row's largest.
        accuracy: share of rows that are answered as their label says.
        reference_accuracy: the same in float32.
        turned_wrong: rows that float32 answers right and this precision wrong.
        turned_right: the other way round.
        mcnemar_p: two-sided probability of so uneven a split by chance.
        calibration_error: expected calibration error over 15 bins of the best answer's probability.
        reference_calibration_error: the same in float32.
    """

    label: Agreement = field(default_factory=Agreement)
    clear_label: Agreement = field(default_factory=Agreement)
    max_probability_difference: float = 0.0
    mean_probability_difference: float = 0.0
    accuracy: float = 0.0
    reference_accuracy: float = 0.0
    turned_wrong: int = 0
    turned_right: int = 0
    mcnemar_p: float = 1.0
    calibration_error: float = 0.0
    reference_calibration_error: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
        return asdict(self)

    def failures(self, thresholds: PrecisionThresholds) -> list[str]:
        """Each demand that is not met, in words."""
        failures = []
        if self.label.rows == 0:
            failures.append("no row with a closed answer space to judge it on; train with more validation_rows")
        clear = self.clear_label
        if clear.share < thresholds.min_clear_agreement:
            failures.append(
                f"{clear.equal} of {clear.rows} clear answers stay, {thresholds.min_clear_agreement:.1%} are demanded"
            )
        if self.turned_wrong > self.turned_right and self.mcnemar_p < thresholds.min_mcnemar_p:
            failures.append(
                f"accuracy falls from {self.reference_accuracy:.1%} to {self.accuracy:.1%} "
                f"({self.turned_wrong} answers turn wrong, {self.turned_right} right; p = {self.mcnemar_p:.1e})"
            )
        return failures


def compare_precision(
    original: TorchStudent, compiled: OnnxStudent, examples: Sequence[Example], *, batch_size: int = 16
) -> PrecisionParity:
    """Answer the same rows by both and compare.

    Args:
        original: the PyTorch student, in float32.
        compiled: the bundle's runtime in the precision in question.
        examples: real rows; those with free-text answers are left out, since the label path does not answer them.
        batch_size: rows in a batch.
    """
    pairs: list[tuple[Example, PreparedQuestion]] = []
    for row in examples:
        question = compiled.prepare(Question(row.task, row.inputs, row.choices))
        if question.space is not None:
            pairs.append((row, question))
    result = PrecisionParity()
    gaps, ours, theirs = [], [], []
    for start in range(0, len(pairs), batch_size):
        rows = [row for row, _ in pairs[start : start + batch_size]]
        predictions = compiled.predict([question for _, question in pairs[start : start + batch_size]])
        for row, reference, prediction in zip(rows, original.answer(rows), predictions, strict=True):
            assert prediction.probabilities is not None
            probabilities = [item.probability for item in prediction.probabilities]
            gaps.append(_compare_row(result, reference, prediction.answer, probabilities))
            label = normalise_answer(row.label)
            ours.append((max(probabilities), prediction.answer == label))
            theirs.append((max(reference.probabilities or ()), reference.answer == label))
    if pairs:
        result.max_probability_difference = max(gaps)
        result.mean_probability_difference = float(np.mean(gaps))
        result.accuracy = float(np.mean([right for _, right in ours]))
        result.reference_accuracy = float(np.mean([right for _, right in theirs]))
        result.turned_wrong = sum(was and not now for (_, now), (_, was) in zip(ours, theirs, strict=True))
        result.turned_right = sum(now and not was for (_, now), (_, was) in zip(ours, theirs, strict=True))
        result.mcnemar_p = mcnemar(result.turned_wrong, result.turned_right)
        result.calibration_error = expected_calibration_error(*map(np.array, zip(*ours, strict=True)))
        result.reference_calibration_error = expected_calibration_error(*map(np.array, zip(*theirs, strict=True)))
    return result


def _compare_row(result: PrecisionParity, reference: Answered, answer: str, probabilities: Sequence[float]) -> float:
    best, second = sorted(reference.probabilities or (), reverse=True)[:2]
    equal = answer == reference.answer
    result.label.add(equal)
    if best - second >= CLEAR_MARGIN:
        result.clear_label.add(equal)
    return max(abs(ours - theirs) for ours, theirs in zip(probabilities, reference.probabilities or (), strict=True))


def mcnemar(turned_wrong: int, turned_right: int) -> float:
    """Exact two-sided McNemar test: the probability of a split at least as uneven if either way were as likely."""
    changed = turned_wrong + turned_right
    fewer = min(turned_wrong, turned_right)
    at_most = sum(math.comb(changed, k) for k in range(fewer + 1))
    return min(1.0, 2 * at_most / int(2**changed))


def expected_calibration_error(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> float:
    """Mean distance between confidence and accuracy over equal bins of confidence, weighted by their rows.

    Args:
        confidence: [rows] probability of the answer given, from 0 to 1.
        right: [rows] whether it was right.
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    rows = np.bincount(bins, minlength=CALIBRATION_BINS)
    gap = np.bincount(bins, weights=confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gap).sum() / rows.sum())
