"""From runs to cells: means over seeds, their intervals, and the teacher they are compared with."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from training.config import SourceConfig
from training.data.example import Example
from training.data.mixture import Cuts, open_entry
from training.data.sources import Source, Split
from training.experiment.plan import Cell, Plan
from training.experiment.run import RunResult, has_test

# 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom; beyond, the normal distribution's is near enough.
_T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class CellResult:
    """A cell on one task of one split.

    Attributes:
        seeds: runs it is the mean of.
        accuracy: mean over seeds; None where no student could be trained.
        half_width: of the 95 % interval of the mean over seeds (Student's t); None for a single seed.
        rows: answered in each run.
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
    training_rows: int = 0
    parameters: int = 0
    train_seconds: float = 0.0
    reason: str | None = None


@dataclass(frozen=True)
class TeacherResult:
    """How often the teacher agrees with gold on the rows that students are measured on.

    An output that cannot be read counts as wrong.
    """

    source: str
    task: str
    split: str
    rows: int
    accuracy: float


def summarise_cells(results: Iterable[RunResult]) -> list[CellResult]:
    """Means over seeds, in the order of the experiment.

    A cell of which some seeds are done and others not is the mean of those that are.
    """
    groups: dict[tuple[Cell, str, str], list[tuple[RunResult, int, float]]] = defaultdict(list)
    reasons: dict[Cell, str] = {}
    for result in results:
        if result.reason is not None:
            reasons[result.run.cell] = result.reason
        for one in result.measured:
            groups[result.run.cell, one.task, one.split].append((result, one.rows, one.accuracy))
    cells = []
    for (cell, task, split), runs in groups.items():
        accuracies = [accuracy for _, _, accuracy in runs]
        cells.append(
            CellResult(
                cell,
                task,
                split,
                seeds=len(runs),
                accuracy=statistics.fmean(accuracies),
                half_width=half_width(accuracies),
                rows=runs[0][1],
                training_rows=round(statistics.fmean(result.training_rows for result, _, _ in runs)),
                parameters=runs[0][0].parameters,
                train_seconds=statistics.fmean(result.train_seconds for result, _, _ in runs),
            )
        )
    return cells + [CellResult(cell, "", "", 0, None, reason=reason) for cell, reason in reasons.items()]


def half_width(values: Sequence[float]) -> float | None:
    """Half of the 95 % interval of a mean by Student's t; None for fewer than two values."""
    if len(values) < 2:
        return None
    freedom = len(values) - 1
    quantile = _T_QUANTILES[freedom - 1] if freedom <= len(_T_QUANTILES) else _NORMAL_QUANTILE
    return quantile * statistics.stdev(values) / math.sqrt(len(values))


def teacher_results(plan: Plan, *, test: bool) -> list[TeacherResult]:
    """The teacher's own accuracy wherever a source has its outputs, for every source of the experiment once."""
    found: dict[str, list[TeacherResult]] = {}
    for run in plan.runs:
        for entry in run.config.data:
            # Whose labels are learnt does not matter here, and a source may have none of a teacher's.
            asked = entry.model_copy(update={"labels": "gold"})
            if entry.source not in found:
                found[entry.source] = list(_teacher(asked, open_entry(asked, Cuts.of(run.config)), test))
    return [result for results in found.values() for result in results]


def _teacher(entry: SourceConfig, source: Source, test: bool) -> Iterator[TeacherResult]:
    parts: dict[Split, list[Example]] = {}
    if entry.validation_rows:
        parts["validation"] = source.load("validation").examples[: entry.validation_rows]
    if test and has_test(source):
        parts["test"] = source.load("test").examples
    for split, rows in parts.items():
        answers = [row.tags.get("teacher_agrees") for row in rows]
        if any(answers):
            agreed = sum(answer == "yes" for answer in answers)
            yield TeacherResult(entry.source, source.task.name, split, len(rows), agreed / len(rows))


@dataclass(frozen=True)
class Beaten:
    """The least that beats the teacher: of a method and a student, the smallest part of the data.

    Attributes:
        training_rows: None where no part of the data does.
    """

    task: str
    split: str
    method: str
    student: str
    parameters: int
    teacher_accuracy: float
    fraction: float | None
    training_rows: int | None


def least_that_beats(cells: Sequence[CellResult], teachers: Sequence[TeacherResult]) -> list[Beaten]:
    """For each method and student, the smallest part of the data whose mean accuracy is above the teacher's.

    This is the question of the paper's section 4.3. Of several teachers' runs or weights the best counts.
    """
    limits = {(teacher.task, teacher.split): teacher.accuracy for teacher in teachers}
    groups: dict[tuple[str, str, str, str], list[CellResult]] = defaultdict(list)
    for cell in cells:
        if cell.accuracy is not None and (cell.task, cell.split) in limits:
            groups[cell.task, cell.split, cell.cell.method, cell.cell.student].append(cell)
    beaten = []
    for (task, split, method, student), group in groups.items():
        limit = limits[task, split]
        above = [cell for cell in group if cell.accuracy is not None and cell.accuracy > limit]
        least = min(above, key=lambda cell: cell.training_rows) if above else None
        beaten.append(
            Beaten(
                *(task, split, method, student, group[0].parameters, limit),
                fraction=least.cell.fraction if least else None,
                training_rows=least.training_rows if least else None,
            )
        )
    return beaten
