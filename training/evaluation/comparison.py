"""Two students on the same rows: do they differ, or is it chance?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from student.answers import same_answer
from student.task import Task
from training.evaluation.intervals import Interval, Z
from training.evaluation.outcome import Outcome


@dataclass(frozen=True)
class Comparison:
    """A paired comparison.

    Attributes:
        rows: answered by both.
        accuracy: of the first student.
        other_accuracy: of the second.
        both_right: rows.
        only_first_right: rows.
        only_other_right: rows.
        neither_right: rows.
        same_answers: rows on which both give the same answer, right or wrong.
        difference: `accuracy` minus `other_accuracy`.
        difference_interval: of it, at 95 %; see `paired_difference_interval`.
        mcnemar_p: see `mcnemar_exact`.
    """

    rows: int
    accuracy: float
    other_accuracy: float
    both_right: int
    only_first_right: int
    only_other_right: int
    neither_right: int
    same_answers: int
    difference: float
    difference_interval: Interval
    mcnemar_p: float


def compare(task: Task, outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> Comparison:
    """Compare two students' outcomes of the same rows, in the same order.

    Args:
        task: of all rows.
        outcomes: of the first student; at least one.
        others: of the second.
    """
    pairs = list(zip(outcomes, others, strict=True))
    rows = len(pairs)
    both = sum(one.correct and other.correct for one, other in pairs)
    first = sum(one.correct for one, _ in pairs) - both
    second = sum(other.correct for _, other in pairs) - both
    return Comparison(
        rows=rows,
        accuracy=(both + first) / rows,
        other_accuracy=(both + second) / rows,
        both_right=both,
        only_first_right=first,
        only_other_right=second,
        neither_right=rows - both - first - second,
        same_answers=sum(_same(task, one, other) for one, other in pairs),
        difference=(first - second) / rows,
        difference_interval=paired_difference_interval(first, second, rows),
        mcnemar_p=mcnemar_exact(first, second),
    )


def _same(task: Task, one: Outcome, other: Outcome) -> bool:
    if one.refusal is not None or other.refusal is not None:
        return one.refusal is not None and other.refusal is not None
    return same_answer(task, one.answer, other.answer)


def mcnemar_exact(only_first: int, only_other: int) -> float:
    """Two-sided exact p-value of McNemar's test (McNemar 1947).

    How probable it is that the rows on which just one of two is right divide so unevenly, or more so, if either were
    as likely to be the one: twice the tail of a binomial distribution at one half, at most 1.

    Args:
        only_first: rows on which the first alone is right.
        only_other: rows on which the second alone is.
    """
    discordant = only_first + only_other
    term = total = 1
    for k in range(min(only_first, only_other)):
        term = term * (discordant - k) // (k + 1)
        total += term
    # Whole numbers divided at last: exact, and no overflow of floats on the way.
    return min(1.0, 2 * total / (1 << discordant))


def paired_difference_interval(only_first: int, only_other: int, rows: int) -> Interval:
    """95 % interval of the difference of two paired shares (Agresti and Min 2005: half a row added to each cell).

    Args:
        only_first: rows on which the first alone is right.
        only_other: rows on which the second alone is.
        rows: all rows.
    """
    first, other, total = only_first + 0.5, only_other + 0.5, rows + 2
    middle = (first - other) / total
    half = Z * math.sqrt(first + other - (first - other) ** 2 / total) / total
    return max(-1.0, middle - half), min(1.0, middle + half)
