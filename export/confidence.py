"""Fitting `Confidence` on validation rows: a temperature, and a threshold for whoever asks for selective accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from student.confidence import Confidence
from student.errors import ExportError

FloatArray = npt.NDArray[np.float64]

MIN_ROWS = 20
"""Fewer rows of a task leave its temperature at 1, and no fewer answered ones carry a threshold."""

TEMPERATURES = (0.05, 20.0)
PRIOR_DEVIATION = 0.5
_HALVINGS = 60
_LEAST_PROBABILITY = 1e-300


@dataclass(frozen=True)
class Scored:
    """One row's probabilities and which of them is the right answer's.

    Attributes:
        probabilities: [answers] float64, as the student gives them.
        right: index of the right answer; None where it is not among the answers.
    """

    probabilities: FloatArray
    right: int | None

    def tempered(self, temperature: float) -> FloatArray:
        """The probabilities at a temperature: [answers] float64."""
        logarithms = self.logarithms / temperature
        powers: FloatArray = np.exp(logarithms - logarithms.max())
        powers /= powers.sum()
        return powers

    @property
    def logarithms(self) -> FloatArray:
        """[answers] float64, finite."""
        found: FloatArray = np.log(np.maximum(self.probabilities, _LEAST_PROBABILITY))
        return found


def fit_temperature(rows: Sequence[Scored]) -> float:
    """The temperature with the least cross-entropy (Guo et al. 2017), held near 1 as far as rows are few.

    Its logarithm has a normal prior of deviation `PRIOR_DEVIATION`: a student that is right on all of a hundred rows
    would come out infinitely sure without one.

    Args:
        rows: of one task. Rows whose right answer is not among the answers are left out.

    Returns:
        A temperature within `TEMPERATURES`; 1 where there are fewer than `MIN_ROWS` rows.
    """
    known = [(row.logarithms, row.right) for row in rows if row.right is not None]
    if len(known) < MIN_ROWS:
        return 1.0
    low, high = (math.log(temperature) for temperature in TEMPERATURES)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _slope(known, middle) < 0:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _slope(rows: Sequence[tuple[FloatArray, int]], log_temperature: float) -> float:
    """Derivative, by the temperature's logarithm, of the rows' cross-entropy and the prior's negative logarithm."""
    sharpness = math.exp(-log_temperature)
    cross_entropy = 0.0
    for logarithms, right in rows:
        powers = np.exp(sharpness * (logarithms - logarithms.max()))
        cross_entropy += float(logarithms[right] - powers @ logarithms / powers.sum())
    return sharpness * cross_entropy + log_temperature / PRIOR_DEVIATION**2


def fit_confidence(task: str, rows: Sequence[Scored], selective_accuracy: float | None) -> Confidence:
    """Temperature, and a threshold where one is asked for.

    Args:
        task: its name, for errors.
        rows: of the task.
        selective_accuracy: share of the answered rows that shall be right; None asks for no threshold.

    Raises:
        ExportError: no threshold gives that accuracy.
    """
    temperature = fit_temperature(rows)
    if selective_accuracy is None:
        return Confidence(temperature=temperature)
    if len(rows) < MIN_ROWS:
        raise ExportError(
            f"selective_accuracy of task {task}: {len(rows)} rows to find a threshold on, {MIN_ROWS} are needed (half "
            "of the task's validation rows are for this, the other half judges); train with more (validation_share, "
            "validation_rows)"
        )
    confidence, right = confidences(rows, temperature)
    threshold = _threshold(confidence, right, selective_accuracy)
    if threshold is None:
        best = max(share for _, share in _selective(confidence, right))
        raise ExportError(
            f"selective_accuracy of task {task}: {selective_accuracy:g} is asked for, over {MIN_ROWS} or more answered "
            f"rows this student reaches {best:.3g} at most (of {len(rows)}); ask for less, or train longer"
        )
    return Confidence(temperature=temperature, threshold=threshold)


def confidences(rows: Sequence[Scored], temperature: float) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Each row's best probability at a temperature, and whether that answer is right: both [rows]."""
    tempered = [row.tempered(temperature) for row in rows]
    best = np.array([probabilities.max() for probabilities in tempered])
    right = np.array([int(p.argmax()) == row.right for p, row in zip(tempered, rows, strict=True)], dtype=np.bool_)
    return best, right


def _selective(confidence: FloatArray, right: npt.NDArray[np.bool_]) -> list[tuple[float, float]]:
    """For each confidence that leaves `MIN_ROWS` rows or more: itself, and the accuracy of rows as sure or surer."""
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    ranked = confidence[order]
    # Of equal confidences only the last one's share counts all of them.
    last = np.append(ranked[1:] < ranked[:-1], True) if len(ranked) else np.zeros(0, dtype=bool)
    return [(float(ranked[i]), float(shares[i])) for i in range(len(ranked)) if last[i] and i + 1 >= MIN_ROWS]


def _threshold(confidence: FloatArray, right: npt.NDArray[np.bool_], wanted: float) -> float | None:
    """The lowest threshold, so the one that answers most rows, that gives the accuracy wanted."""
    reached = [threshold for threshold, share in _selective(confidence, right) if share >= wanted]
    return min(reached, default=None)
