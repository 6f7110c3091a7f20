"""From runs to cells: means over seeds, their intervals, and the teacher they are compared with."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.experiment.plan import Cell
from training.experiment.run import Measured, RunResult
from training.experiment.sources import TeacherResult

# 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
_T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


@dataclass(frozen=True)
class CellResult:
    """A cell on one task of one split.

    Attributes:
        seeds: runs it is the mean of.
        accuracy: mean over seeds; None where no student could be trained.
        half_width: of the 95 % interval of the mean over seeds (Student's t); None for a single seed.
        rows: of the split.
        answered: of them, in each run.
        training_rows: mean over seeds, rounded.
        parameters: of the student.
        reason: why there is no student.
    """

    cell: Cell
    task: str
    split: str
    seeds: int
    accuracy: float | None
    half_width: float | None = None
    rows: int = 0
    answered: int = 0
    training_rows: int = 0
    parameters: int = 0
    train_seconds: float = 0.0
    reason: str | None = None


def summarise_cells(results: Iterable[RunResult]) -> list[CellResult]:
    """Means over seeds, in the order of the experiment.

    A cell of which some seeds are done and others not is the mean of those that are.
    """
    groups: dict[tuple[Cell, str, str], list[tuple[RunResult, Measured]]] = defaultdict(list)
    reasons: dict[Cell, str] = {}
    for result in results:
        if result.reason is not None:
            reasons[result.run.cell] = result.reason
        for one in result.measured:
            groups[result.run.cell, one.task, one.split].append((result, one))
    cells = []
    for (cell, task, split), runs in groups.items():
        accuracies = [one.accuracy for _, one in runs]
        cells.append(
            CellResult(
                cell,
                task,
                split,
                seeds=len(runs),
                accuracy=statistics.fmean(accuracies),
                half_width=half_width(accuracies),
                rows=runs[0][1].rows,
                answered=runs[0][1].answered,
                training_rows=round(statistics.fmean(result.training_rows for result, _ in runs)),
                parameters=runs[0][0].parameters,
                train_seconds=statistics.fmean(result.train_seconds for result, _ in runs),
            )
        )
    return cells + [CellResult(cell, "", "", 0, None, reason=reason) for cell, reason in reasons.items()]


def half_width(values: Sequence[float]) -> float | None:
    """Half of the 95 % interval of a mean by Student's t; None for fewer than two values."""
    if len(values) < 2:
        return None
    return _t_quantile(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def _t_quantile(freedom: int) -> float:
    if freedom <= len(_T_QUANTILES):
        return _T_QUANTILES[freedom - 1]
    # Cornish-Fisher expansion about the normal distribution's; right to four digits here.
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


@dataclass(frozen=True)
class Beaten:
    """The least that beats a teacher: of a method, a weight and a student, the smallest part of the data.

    Attributes:
        training_rows: None where no part of the data does.
    """

    task: str
    split: str
    teacher: str
    student: str
    method: str
    rationale_weight: float
    parameters: int
    teacher_accuracy: float
    fraction: float | None
    training_rows: int | None


def least_that_beats(cells: Sequence[CellResult], teachers: Sequence[TeacherResult]) -> list[Beaten]:
    """For each method and student, the smallest part of the data whose mean accuracy is above its teacher's.

    This is the question of the paper's section 4.3.
    """
    limits = {(teacher.teacher, teacher.task, teacher.split): teacher.accuracy for teacher in teachers}
    groups: dict[tuple[str, str, str, str, str, float], list[CellResult]] = defaultdict(list)
    for cell in cells:
        of = cell.cell
        if cell.accuracy is not None and (of.teacher, cell.task, cell.split) in limits:
            groups[cell.task, cell.split, of.teacher, of.student, of.method, of.rationale_weight].append(cell)
    beaten = []
    for key, group in groups.items():
        limit = limits[key[2], key[0], key[1]]
        above = [cell for cell in group if cell.accuracy is not None and cell.accuracy > limit]
        least = min(above, key=lambda cell: cell.training_rows) if above else None
        beaten.append(
            Beaten(
                *key,
                parameters=group[0].parameters,
                teacher_accuracy=limit,
                fraction=least.cell.fraction if least else None,
                training_rows=least.training_rows if least else None,
            )
        )
    return beaten
