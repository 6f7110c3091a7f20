"""What the student's rationales are like: their conclusion, their likeness to the teacher's, length and repetition."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from student.answers import conclusion, same_answer
from student.task import Task
from training.evaluation.outcome import Outcome

_WORD = re.compile(r"\w+")
_RUN = 3


@dataclass(frozen=True)
class RationaleFigures:
    """Over the rationales that were written.

    Attributes:
        rows: how many.
        agrees: share that ends in the student's own answer.
        concludes: share that states an answer at all.
        concludes_rightly: share that ends in the gold answer.
        rows_with_teacher: rows that have a teacher's rationale too.
        rouge_l: mean `rouge_l` with the teacher's over those; None where there are none.
        mean_words: mean length in words.
        teacher_mean_words: the same of the teacher's.
        cut: share that ended at the task's token limit.
        empty: share without a word.
        distinct_3: mean of `distinct_runs` over rationales of three words or more; None where there are none.
    """

    rows: int
    agrees: float
    concludes: float
    concludes_rightly: float
    rows_with_teacher: int
    rouge_l: float | None
    mean_words: float
    teacher_mean_words: float | None
    cut: float
    empty: float
    distinct_3: float | None


def rationale_figures(task: Task, outcomes: Sequence[Outcome]) -> RationaleFigures | None:
    """Figures of one task's rationales; None where none was written."""
    written = [(row, row.rationale) for row in outcomes if row.rationale is not None]
    if not written:
        return None
    conclusions = [(row, conclusion(task, text)) for row, text in written]
    pairs = [(text, row.example.rationale) for row, text in written if row.example.rationale is not None]
    distinct = [share for _, text in written if (share := distinct_runs(text)) is not None]
    rows = len(written)
    return RationaleFigures(
        rows=rows,
        agrees=sum(bool(row.rationale_agrees) for row, _ in written) / rows,
        concludes=sum(found is not None for _, found in conclusions) / rows,
        concludes_rightly=sum(found is not None and same_answer(task, found, row.gold) for row, found in conclusions)
        / rows,
        rows_with_teacher=len(pairs),
        rouge_l=_mean([rouge_l(text, teachers) for text, teachers in pairs]),
        mean_words=statistics.fmean(len(text.split()) for _, text in written),
        teacher_mean_words=_mean([float(len(teachers.split())) for _, teachers in pairs]),
        cut=sum(row.rationale_cut for row, _ in written) / rows,
        empty=sum(not text.strip() for _, text in written) / rows,
        distinct_3=_mean(distinct),
    )


def rouge_l(candidate: str, reference: str) -> float:
    """F-measure of the longest common subsequence of words (ROUGE-L, Lin 2004, with beta 1).

    Words are runs of letters and digits; case does not count, nor do signs.

    Args:
        candidate: the text that is judged.
        reference: what it is held against.

    Returns:
        0 (no word in common) to 1; 0 where one of the two has no word.
    """
    left, right = _words(candidate), _words(reference)
    if not left or not right:
        return 0.0
    return 2 * common_subsequence(left, right) / (len(left) + len(right))


def common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence, bit-parallel (Crochemore et al. 2001; Hyyrö 2004)."""
    places: dict[str, int] = {}
    for number, word in enumerate(left):
        places[word] = places.get(word, 0) | 1 << number
    full = (1 << len(left)) - 1
    column = full
    for word in right:
        matches = column & places.get(word, 0)
        column = ((column + matches) | (column - matches)) & full
    return len(left) - column.bit_count()


def distinct_runs(text: str) -> float | None:
    """Share of a text's runs of three words that are distinct (distinct-n, Li et al. 2016); None below three words.

    1: nothing is repeated. A text that goes round in circles comes near 0.
    """
    words = _words(text)
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    return len(set(runs)) / len(runs) if runs else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
