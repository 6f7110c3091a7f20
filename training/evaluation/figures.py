"""All figures of a group of rows as plain values: what JSON holds, tables tell and plots draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from student.answers import equation_value
from student.task import ClosedLabels, FreeText, Task, normalise_answer
from training.evaluation.calibration import calibration_of
from training.evaluation.comparison import compare
from training.evaluation.groups import group_places, task_of
from training.evaluation.intervals import share_with_interval
from training.evaluation.labels import confusion_matrix, label_figures, macro_f1
from training.evaluation.measured import Measured
from training.evaluation.outcome import Outcome
from training.evaluation.rationale_figures import rationale_figures

Figures = dict[str, Any]


def all_figures(
    measured: Measured, outcomes: Sequence[Outcome], slices: Sequence[str], others: Sequence[Outcome] | None = None
) -> dict[str, Figures]:
    """Figures by task and slice.

    Args:
        measured: the student.
        outcomes: its outcomes.
        slices: tags to group by, within each task.
        others: another student's outcomes of the same rows, to compare with.

    Returns:
        `{"task" or "task/tag=value": figures}`; see `docs/evaluation.md` for the keys.
    """
    found = {}
    for name, places in group_places((outcome.example for outcome in outcomes), slices).items():
        task = measured.tasks[task_of(name)]
        rows = [outcomes[place] for place in places]
        figures = group_figures(task, rows, measured.thresholds.get(task.name))
        if others is not None:
            figures["against"] = asdict(compare(task, rows, [others[place] for place in places]))
        found[name] = figures
    return found


def group_figures(task: Task, outcomes: Sequence[Outcome], threshold: float | None = None) -> Figures:
    """Figures of rows of one task.

    Args:
        task: of all rows.
        outcomes: at least one.
        threshold: below which the student abstains; None where it never does.
    """
    rows = len(outcomes)
    figures: Figures = {
        "kind": task.answer.kind,
        "rows": rows,
        "refused_rows": sum(row.refusal is not None for row in outcomes),
        **share_with_interval("accuracy", sum(row.correct for row in outcomes), rows),
    }
    if isinstance(task.answer, ClosedLabels):
        confusion = confusion_matrix(task.answer.labels, outcomes)
        by_label = label_figures(confusion)
        figures |= {
            "macro_f1": macro_f1(by_label),
            "labels": {label: asdict(one) for label, one in by_label.items()},
            "confusion": asdict(confusion),
        }
    if isinstance(task.answer, FreeText):
        figures |= _text_figures(task, task.answer, outcomes)
    if (calibration := calibration_of(outcomes)) is not None:
        figures["calibration"] = asdict(calibration)
    if threshold is not None:
        figures["abstention"] = _abstention(outcomes, threshold)
    if (rationales := rationale_figures(task, outcomes)) is not None:
        figures["rationale_agreement"] = rationales.agrees
        figures["rationales"] = asdict(rationales)
    return figures


def _text_figures(task: Task, answer: FreeText, outcomes: Sequence[Outcome]) -> Figures:
    given = [row for row in outcomes if row.refusal is None]
    exact = sum(normalise_answer(row.answer) == normalise_answer(row.gold) for row in given)
    figures: Figures = {"exact": exact / len(outcomes)}
    if answer.parser == "equation":
        figures["parses"] = sum(equation_value(task, row.answer) is not None for row in given) / len(outcomes)
    return figures


def _abstention(outcomes: Sequence[Outcome], threshold: float) -> Figures:
    answered = [row for row in outcomes if row.refusal is None and not row.abstained]
    return {
        "threshold": threshold,
        "answered_rows": len(answered),
        "coverage": len(answered) / len(outcomes),
        **share_with_interval("selective_accuracy", sum(row.correct for row in answered), len(answered)),
    }
