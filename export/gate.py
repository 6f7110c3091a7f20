"""What a bundle has to pass before it is written, and what is fitted on the same rows.

Half of the rows calibrates (ranges of activations, temperatures, thresholds), the other half judges.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from export.confidence import Scored, confidences, fit_confidence
from export.config import ExportConfig
from export.half import FLOAT_TYPES, spread
from export.parity import ParityResult, compare, require
from export.precision_parity import ClosedRow, PrecisionParity, closed_rows, compare_precision, score
from student.confidence import ALL_TASKS, Confidence
from student.errors import ExportError
from student.manifest import Precision
from student.question import PreparedQuestion
from student.runtime import OnnxStudent
from student.task import FreeText, Task
from training.data.example import Example
from training.evaluation.calibration import expected_calibration_error
from training.scoring import TorchStudent

Prepared = Sequence[tuple[Example, PreparedQuestion]]

_log = logging.getLogger(__name__)

FEW_ROWS = 50
"""Fewer judging rows than these are said to be few: they can hardly fail."""

MIN_CHANCE = 0.01
"""A promise counts as broken where keeping it would have looked like this less often."""

_SEED = 0


def halves(rows: Prepared) -> tuple[Prepared, Prepared]:
    """Rows that calibrate, and rows that judge: what is judged was not calibrated on.

    Of each task, half are drawn by lot (always the same ones), so that no order of the rows decides what a half holds.
    """
    random = np.random.default_rng(_SEED)
    places: dict[str, list[int]] = {}
    for place, (row, _) in enumerate(rows):
        places.setdefault(row.task, []).append(place)
    drawn = [random.permutation(of_task)[: (len(of_task) + 1) // 2].tolist() for of_task in places.values()]
    fitting = set(itertools.chain.from_iterable(drawn))
    return (
        [row for place, row in enumerate(rows) if place in fitting],
        [row for place, row in enumerate(rows) if place not in fitting],
    )


@dataclass(frozen=True)
class TaskCalibration:
    """Confidence of one task in one precision, on rows that it was not fitted on.

    Attributes:
        rows: of the judging half; where there are none, what follows is None.
        accuracy: share of them that is answered rightly.
        calibration_error: expected calibration error at the temperature.
        raw_calibration_error: the same without.
        answered: share of rows on which the student does not abstain.
        selective_accuracy: share of those that is right; None where it abstains on all.
    """

    confidence: Confidence
    rows: int
    accuracy: float | None = None
    calibration_error: float | None = None
    raw_calibration_error: float | None = None
    answered: float | None = None
    selective_accuracy: float | None = None

    @classmethod
    def of(cls, confidence: Confidence, rows: Sequence[Scored]) -> TaskCalibration:
        """Judge on rows of the task."""
        if not rows:
            return cls(confidence, rows=0)
        best, right = confidences(rows, confidence.temperature)
        raw, _ = confidences(rows, temperature=1.0)
        answered = np.array([not confidence.abstains(float(probability)) for probability in best], dtype=np.bool_)
        return cls(
            confidence,
            rows=len(rows),
            accuracy=float(right.mean()),
            calibration_error=expected_calibration_error(best, right),
            raw_calibration_error=expected_calibration_error(raw, right),
            answered=float(answered.mean()),
            selective_accuracy=float(right[answered].mean()) if answered.any() else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the report."""
        return asdict(self) | {"confidence": self.confidence.model_dump()}


@dataclass
class GateResult:
    """What the gate found and fitted.

    Attributes:
        against_pytorch: float32 against the PyTorch student, rationales and free text included.
        precisions: the label path in each precision, on the judging half.
        calibration: by precision and task.
        judged: scores of the judging half, by precision, for the report's plot.
    """

    against_pytorch: ParityResult
    precisions: dict[Precision, PrecisionParity] = field(default_factory=dict)
    calibration: dict[Precision, dict[str, TaskCalibration]] = field(default_factory=dict)
    judged: dict[Precision, list[tuple[str, Scored]]] = field(default_factory=dict)

    @property
    def confidence(self) -> dict[Precision, dict[str, Confidence]]:
        """For the manifest."""
        return {
            precision: {task: found.confidence for task, found in by_task.items()}
            for precision, by_task in self.calibration.items()
        }

    def as_dict(self, notes: Mapping[Precision, Mapping[str, Any]]) -> dict[str, Any]:
        """Plain values, for the report; with `notes` on how a precision was made."""
        return {
            "against_pytorch": self.against_pytorch.as_dict(),
            "precisions": {
                precision: found.as_dict() | dict(notes.get(precision, {}))
                for precision, found in self.precisions.items()
            },
            "calibration": {
                precision: {task: found.as_dict() for task, found in by_task.items()}
                for precision, by_task in self.calibration.items()
            },
        }


def pass_gate(
    original: TorchStudent,
    students: Mapping[Precision, OnnxStudent],
    rows: Prepared,
    config: ExportConfig,
    *,
    progress: bool,
) -> GateResult:
    """Compare every precision with PyTorch and fit its confidence.

    Args:
        original: the PyTorch student, in float32.
        students: the bundle's runtime, in each precision, without temperatures.
        rows: validation rows, prepared.
        config: what is demanded and asked for.
        progress: show progress bars.

    Raises:
        ParityError: the compiled student answers otherwise.
        ExportError: a precision has no row to be judged on, or a selective accuracy cannot be had.
    """
    share = max(1, config.max_text_rows // len(original.tasks))
    chosen = [row for task in original.tasks for row in [row for row, _ in rows if row.task == task][:share]]
    exact = compare(original, students["fp32"], chosen, progress=progress)
    require(exact.failures(config.thresholds), exact.differing)
    result = GateResult(exact)
    fitting, judging = (closed_rows(original, half, progress=progress) for half in halves(rows))
    closed = closed_tasks(original.tasks)
    unjudged = sorted(set(closed) - {row.example.task for row in judging})
    for precision, student in students.items():
        if precision != "fp32" and (unjudged or not closed):
            what = f"task {', '.join(unjudged)} has no validation row" if unjudged else "no task with known answers"
            raise ExportError(f"{precision}: {what} to judge it on; leave {precision} out, or train with more rows")
        # Those are computed value by value, a hundred times as slowly.
        judged_rows = spread(judging) if precision in FLOAT_TYPES else judging
        found = score(student, judged_rows, progress=progress)
        parity = compare_precision([row.reference for row in judged_rows], found)
        thresholds = config.thresholds.every_precision
        if precision == "fp32" and thresholds.max_probability_difference is None:
            most = config.thresholds.max_probability_difference
            thresholds = thresholds.model_copy(update={"max_probability_difference": most})
        require([f"{precision}: {failure}" for failure in parity.failures(thresholds)])
        result.precisions[precision] = parity
        result.judged[precision] = [(row.example.task, one) for row, one in zip(judged_rows, found, strict=True)]
        if precision in FLOAT_TYPES:
            # Between float32 and 16 bits there is rounding only.
            confidence = result.confidence["fp32"]
        else:
            fitted = _of_tasks(fitting, score(student, fitting, progress=progress))
            confidence = {
                task: fit_confidence(task, fitted.get(task, []), config.selective_accuracy_of(task)) for task in closed
            }
        judged = _of_tasks(judged_rows, found)
        result.calibration[precision] = {
            task: TaskCalibration.of(one, judged.get(task, [])) for task, one in confidence.items()
        }
        for task, one in result.calibration[precision].items():
            _require_selective(precision, task, one, config.selective_accuracy_of(task))
        if len(judged_rows) < FEW_ROWS:
            _log.warning("%s: judged on %d rows only; more validation rows say more", precision, len(judged_rows))
    return result


def _require_selective(precision: Precision, task: str, found: TaskCalibration, wanted: float | None) -> None:
    """Refuse a threshold that does not keep its promise on rows that it was not fitted on.

    Raises:
        ExportError: so few of the answered rows are right that chance does not explain it.
    """
    if wanted is None or found.selective_accuracy is None or found.answered is None:
        return
    answered = round(found.answered * found.rows)
    right = round(found.selective_accuracy * answered)
    if at_most(right, answered, wanted) < MIN_CHANCE:
        raise ExportError(
            f"{precision}: selective_accuracy of task {task}: {wanted:g} is asked for, and on rows that the threshold "
            f"was not fitted on {right} of {answered} answered ones are right; ask for less, or train longer or with "
            "more validation rows (validation_share)"
        )


def at_most(successes: int, trials: int, share: float) -> float:
    """Probability of no more successes than these, if each trial succeeds with this share (binomial)."""
    return sum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes + 1))


def _of_tasks(rows: Sequence[ClosedRow], scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    tasks: dict[str, list[Scored]] = {}
    for row, one in zip(rows, scored, strict=True):
        tasks.setdefault(row.example.task, []).append(one)
    return tasks


def closed_tasks(tasks: Mapping[str, Task]) -> list[str]:
    """Those whose answers are known before they are given: not free text."""
    return [name for name, task in tasks.items() if not isinstance(task.answer, FreeText)]


def check_selective_tasks(config: ExportConfig, tasks: Mapping[str, Task]) -> None:
    """Refuse a selective accuracy for a task that cannot have one.

    Raises:
        ExportError: naming the tasks.
    """
    closed = closed_tasks(tasks)
    strange = sorted(set(config.selective_accuracy) - {*closed, ALL_TASKS})
    if strange or (config.selective_accuracy and not closed):
        given = ", ".join(strange or config.selective_accuracy)
        raise ExportError(
            f"selective_accuracy of {given}: not a task of this student with known answers; those are "
            f"{', '.join(closed) or 'none'} (free text has no probability to abstain by)"
        )
