"""The gate of every precision: on rows that it was not calibrated on, its labels are those of float32 PyTorch.

Probabilities differ by rounding, so near ties may fall the other way. Demanded is that clear answers stay, and that
what changes does not make the student worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from tqdm import tqdm

from export.agreement import Agreement
from export.confidence import Scored, confidences
from student.answers import same_answer
from student.question import PreparedQuestion
from student.runtime import OnnxStudent
from student.task import Task
from training.data.example import Example
from training.evaluation.calibration import expected_calibration_error
from training.scoring import TorchStudent

CLEAR_MARGIN = 0.05
"""Difference of the best two probabilities in float32 above which an answer counts as clear."""

BATCH_ROWS = 16

Share = Annotated[float, Field(ge=0, le=1)]


class PrecisionThresholds(BaseModel):
    """What the gate demands of every precision.

    Attributes:
        min_clear_agreement: share of rows with a clear answer that keep it.
        min_mcnemar_p: the probability, by McNemar's exact test, that so many more answers turn wrong than right by
            chance; demanded only where more turn wrong.
        max_probability_difference: of any answer of any row; None demands nothing: how far 8 bits may move an unclear
            answer depends on the student.
        max_calibration_error: expected calibration error, without temperature; None demands nothing: a few hundred
            rows tell it to a few hundredths.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_clear_agreement: Share = 0.995
    min_mcnemar_p: Share = 0.01
    max_probability_difference: Share | None = None
    max_calibration_error: Share | None = None


@dataclass(frozen=True)
class ClosedRow:
    """A row with a closed answer space.

    Attributes:
        reference: how the PyTorch student scores it, in float32.
    """

    example: Example
    question: PreparedQuestion
    reference: Scored


@dataclass
class PrecisionParity:
    """What the comparison found.

    Attributes:
        label: all rows.
        clear_label: rows whose best two probabilities in float32 are `CLEAR_MARGIN` apart or more.
        max_probability_difference: of any answer of any row.
        mean_probability_difference: mean over rows of the row's largest.
        accuracy: share of rows that are answered rightly.
        reference_accuracy: the same in PyTorch.
        turned_wrong: rows that PyTorch answers right and this precision wrong.
        turned_right: the other way round.
        mcnemar_p: two-sided probability of so uneven a split by chance.
        calibration_error: expected calibration error over 15 bins of the best answer's probability, no temperature.
        reference_calibration_error: the same in PyTorch.
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
        """Plain values, for the report."""
        return asdict(self)

    def failures(self, thresholds: PrecisionThresholds) -> list[str]:
        """Each demand that is not met, in words."""
        failures = []
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
        for name, found, most in (
            ("probabilities differ by", self.max_probability_difference, thresholds.max_probability_difference),
            ("the expected calibration error is", self.calibration_error, thresholds.max_calibration_error),
        ):
            if most is not None and not found <= most:
                failures.append(f"{name} {found:.2e}, at most {most:g} is allowed")
        return failures


def closed_rows(
    original: TorchStudent, prepared: Sequence[tuple[Example, PreparedQuestion]], *, progress: bool = True
) -> list[ClosedRow]:
    """The rows with a closed answer space, scored by PyTorch; the label path answers no others."""
    found: list[ClosedRow] = []
    pairs = [(row, question) for row, question in prepared if question.space is not None]
    with tqdm(total=len(pairs), desc="reference", unit="row", disable=not progress) as bar:
        for start in range(0, len(pairs), BATCH_ROWS):
            part = pairs[start : start + BATCH_ROWS]
            for (row, question), answered in zip(part, original.answer([row for row, _ in part]), strict=True):
                assert question.space is not None and answered.probabilities is not None
                right = right_answer(question.task, question.space.answers, row)
                found.append(ClosedRow(row, question, Scored(np.array(answered.probabilities), right)))
            bar.update(len(part))
    return found


def right_answer(task: Task, answers: Sequence[str], row: Example) -> int | None:
    """Which of the answers is the right one: the gold answer, or the label where no gold is known."""
    wanted = row.gold if row.gold is not None else row.label
    return next((i for i, answer in enumerate(answers) if same_answer(task, answer, wanted)), None)


def score(student: OnnxStudent, rows: Sequence[ClosedRow], *, progress: bool = False) -> list[Scored]:
    """The same rows as the bundle's runtime scores them."""
    scored: list[Scored] = []
    with tqdm(total=len(rows), desc=f"score {student.precision}", unit="row", disable=not progress) as bar:
        for start in range(0, len(rows), BATCH_ROWS):
            part = rows[start : start + BATCH_ROWS]
            for row, prediction in zip(part, student.predict([row.question for row in part]), strict=True):
                assert prediction.probabilities is not None
                probabilities = np.array([item.probability for item in prediction.probabilities])
                scored.append(Scored(probabilities, row.reference.right))
            bar.update(len(part))
    return scored


def compare_precision(references: Sequence[Scored], found: Sequence[Scored]) -> PrecisionParity:
    """Compare scores of the same rows.

    Args:
        references: by the PyTorch student, in float32.
        found: by the bundle's runtime, in the precision in question, no temperature.
    """
    result = PrecisionParity()
    if not references:
        return result
    gaps = []
    for reference, ours in zip(references, found, strict=True):
        second, best = np.sort(reference.probabilities)[-2:]
        equal = bool(reference.probabilities.argmax() == ours.probabilities.argmax())
        result.label.add(equal)
        if best - second >= CLEAR_MARGIN:
            result.clear_label.add(equal)
        gaps.append(float(np.abs(reference.probabilities - ours.probabilities).max()))
    result.max_probability_difference = max(gaps)
    result.mean_probability_difference = float(np.mean(gaps))
    confidence, right = confidences(found, temperature=1.0)
    reference_confidence, reference_right = confidences(references, temperature=1.0)
    result.accuracy, result.reference_accuracy = float(right.mean()), float(reference_right.mean())
    result.turned_wrong = int((reference_right & ~right).sum())
    result.turned_right = int((right & ~reference_right).sum())
    result.mcnemar_p = mcnemar(result.turned_wrong, result.turned_right)
    result.calibration_error = expected_calibration_error(confidence, right)
    result.reference_calibration_error = expected_calibration_error(reference_confidence, reference_right)
    return result


def mcnemar(turned_wrong: int, turned_right: int) -> float:
    """Exact two-sided McNemar test: the probability of a split at least as uneven if either way were as likely."""
    changed = turned_wrong + turned_right
    fewer = min(turned_wrong, turned_right)
    at_most = sum(math.comb(changed, k) for k in range(fewer + 1))
    return min(1.0, 2 * at_most / int(2**changed))
