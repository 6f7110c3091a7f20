"""What a bundle has to pass before it is written, and what is fitted on the same rows.

Half of the rows calibrates (ranges of activations, temperatures, thresholds), the other half judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from export.confidence import Scored, confidences, expected_calibration_error, fit_confidence
from export.config import ExportConfig
from export.half import FLOAT_TYPES, spread
from export.parity import ParityResult, compare, require
from export.precision_parity import ClosedRow, PrecisionParity, closed_rows, compare_precision, score
from student.confidence import ALL_TASKS, Confidence
from student.errors import ExportError
from student.manifest import Precision
from student.question import PreparedQuestion
from student.runtime import OnnxStudent
from training.data.example import Example
from training.scoring import TorchStudent

Prepared = Sequence[tuple[Example, PreparedQuestion]]


def calibration_half(rows: Prepared) -> Prepared:
    """Every other row."""
    return rows[::2]


def judging_half(rows: Prepared) -> Prepared:
    """The rows between: what is judged was not calibrated on."""
    return rows[1::2]


@dataclass(frozen=True)
class TaskCalibration:
    """Confidence of one task in one precision, on rows that it was not fitted on.

    Attributes:
        rows: of the judging half.
        accuracy: share of them that is answered rightly.
        calibration_error: expected calibration error at the temperature.
        raw_calibration_error: the same without.
        answered: share of rows on which the student does not abstain.
        selective_accuracy: share of those that is right; None where it abstains on all.
    """

    confidence: Confidence
    rows: int
    accuracy: float
    calibration_error: float
    raw_calibration_error: float
    answered: float
    selective_accuracy: float | None

    @classmethod
    def of(cls, confidence: Confidence, rows: Sequence[Scored]) -> TaskCalibration:
        """Judge on rows of the task."""
        best, right = confidences(rows, confidence.temperature)
        raw, _ = confidences(rows, temperature=1.0)
        answered = np.array([not confidence.abstains(float(probability)) for probability in best], dtype=np.bool_)
        return cls(
            confidence,
            rows=len(rows),
            accuracy=float(right.mean()) if rows else 0.0,
            calibration_error=expected_calibration_error(best, right),
            raw_calibration_error=expected_calibration_error(raw, right),
            answered=float(answered.mean()) if rows else 0.0,
            selective_accuracy=float(right[answered].mean()) if answered.any() else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
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
    _check_selective_tasks(config, original)
    share = max(1, config.max_text_rows // len(original.tasks))
    chosen = [row for task in original.tasks for row in [row for row, _ in rows if row.task == task][:share]]
    exact = compare(original, students["fp32"], chosen, progress=progress)
    require(exact.failures(config.thresholds), exact.differing)
    result = GateResult(exact)
    fitting = closed_rows(original, calibration_half(rows), progress=progress)
    judging = closed_rows(original, judging_half(rows), progress=progress)
    for precision, student in students.items():
        if precision != "fp32" and not judging:
            raise ExportError(f"{precision}: no row with a closed answer space to judge it on; leave {precision} out")
        # Those are computed value by value, a hundred times as slowly.
        judged_rows = spread(judging) if precision in FLOAT_TYPES else judging
        found = score(student, judged_rows)
        parity = compare_precision([row.reference for row in judged_rows], found)
        require([f"{precision}: {failure}" for failure in parity.failures(config.thresholds.every_precision)])
        result.precisions[precision] = parity
        result.judged[precision] = [(row.example.task, one) for row, one in zip(judged_rows, found, strict=True)]
        if precision in FLOAT_TYPES:
            # Between float32 and 16 bits there is rounding only.
            confidence = result.confidence["fp32"]
        else:
            fitted = _of_tasks(fitting, score(student, fitting))
            confidence = {
                task: fit_confidence(task, scored, config.selective_accuracy_of(task))
                for task, scored in fitted.items()
            }
        judged = _of_tasks(judged_rows, found)
        result.calibration[precision] = {
            task: TaskCalibration.of(one, judged.get(task, [])) for task, one in confidence.items()
        }
    return result


def _of_tasks(rows: Sequence[ClosedRow], scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    tasks: dict[str, list[Scored]] = {}
    for row, one in zip(rows, scored, strict=True):
        tasks.setdefault(row.example.task, []).append(one)
    return tasks


def _check_selective_tasks(config: ExportConfig, original: TorchStudent) -> None:
    closed = [name for name, task in original.tasks.items() if task.answer.kind != "text"]
    strange = sorted(set(config.selective_accuracy) - {*closed, ALL_TASKS})
    if strange:
        raise ExportError(
            f"selective_accuracy of {', '.join(strange)}: not a task of this student with known answers; those are "
            f"{', '.join(closed) or 'none'} (free text has no probability to abstain by)"
        )
