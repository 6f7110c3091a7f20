"""Per-label figures and the confusion matrix of tasks with closed labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from student.task import normalise_answer
from training.evaluation.outcome import Outcome

REFUSED = "(refused)"
"""The column of rows that the student refuses, in a confusion matrix."""

NO_LABEL = "(no label)"
"""The column of answers that are none of the labels: a student that writes its rationale first may end in anything."""


@dataclass(frozen=True)
class LabelFigures:
    """One label.

    Attributes:
        support: rows whose gold answer it is.
        answered: rows that the student answers with it.
        precision: share of `answered` that is right; None where it is never the answer.
        recall: share of `support` that is answered with it; None without support.
        f1: harmonic mean of the two, 2 TP / (2 TP + FP + FN); None where the label occurs on neither side.
    """

    support: int
    answered: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Confusion:
    """How often which label is answered with which.

    Attributes:
        gold: the task's labels, one a row of `counts`.
        answers: the same, one a column; and `NO_LABEL` and `REFUSED` last where a row's answer was that.
        counts: [gold][answer] rows.
    """

    gold: tuple[str, ...]
    answers: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion_matrix(labels: Sequence[str], outcomes: Sequence[Outcome]) -> Confusion:
    """Count gold labels against answers.

    Args:
        labels: of the task.
        outcomes: of rows whose gold answers are all among them.

    Raises:
        KeyError: a gold answer is none of the labels.
    """
    known = {normalise_answer(label): number for number, label in enumerate(labels)}

    def answered(row: Outcome) -> int | str:
        return REFUSED if row.refusal is not None else known.get(normalise_answer(row.answer), NO_LABEL)

    answers = [answered(row) for row in outcomes]
    columns = [*labels, *(name for name in (NO_LABEL, REFUSED) if name in answers)]
    counts = [[0] * len(columns) for _ in labels]
    for row, answer in zip(outcomes, answers, strict=True):
        place = answer if isinstance(answer, int) else columns.index(answer, len(labels))
        counts[known[normalise_answer(row.gold)]][place] += 1
    return Confusion(tuple(labels), tuple(columns), tuple(map(tuple, counts)))


def label_figures(confusion: Confusion) -> dict[str, LabelFigures]:
    """Precision, recall and F1 of each label."""
    figures = {}
    for number, label in enumerate(confusion.gold):
        right = confusion.counts[number][number]
        support = sum(confusion.counts[number])
        answered = sum(row[number] for row in confusion.counts)
        figures[label] = LabelFigures(
            support=support,
            answered=answered,
            precision=right / answered if answered else None,
            recall=right / support if support else None,
            f1=2 * right / (support + answered) if support + answered else None,
        )
    return figures


def macro_f1(figures: dict[str, LabelFigures]) -> float:
    """Mean F1 over the labels that occur, as gold or as answer."""
    found = [one.f1 for one in figures.values() if one.f1 is not None]
    return sum(found) / len(found)
