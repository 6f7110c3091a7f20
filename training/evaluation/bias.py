"""What a student took over from its teacher: whose answers shift where, and whose errors fall together.

Hsieh et al. 2023 say it in their Ethics statement: the students may inherit biases of the larger models they are
distilled from. Rows that are hard are got wrong by everyone, so errors that fall together prove nothing by themselves:
the same figures of a student that was trained on gold labels tell how much of it is hardness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from student.answers import same_answer
from student.task import Choices, ClosedLabels, Task, merge_choices, normalise_answer
from training.evaluation.groups import group_places, task_of
from training.evaluation.intervals import share_with_interval
from training.evaluation.labels import NO_LABEL
from training.evaluation.outcome import Outcome

Figures = dict[str, Any]


@dataclass(frozen=True)
class LabelShift:
    """How often which answer is given.

    Attributes:
        answers: the labels; for tasks with choices `choice 1`, `choice 2`, ... by their place in the question; and
            `NO_LABEL` last where an answer was none of them.
        gold: rows by right answer, in the order of `answers`.
        teacher: the same by the teacher's answer.
        student: the same by the student's.
        teacher_from_gold: see `total_variation`.
        student_from_gold: the same.
        student_from_teacher: the same.
    """

    answers: tuple[str, ...]
    gold: tuple[int, ...]
    teacher: tuple[int, ...]
    student: tuple[int, ...]
    teacher_from_gold: float
    student_from_gold: float
    student_from_teacher: float


@dataclass(frozen=True)
class ErrorOverlap:
    """Whether the student errs where its teacher does.

    Attributes:
        teacher_wrong: rows that the teacher gets wrong.
        repeated: rows of those on which the student gives the teacher's wrong answer.
        otherwise_wrong: rows of those on which it gives another wrong one.
        student_right: rows of those that it gets right.
        own_errors: rows that the teacher gets right and the student wrong.
        both_wrong: `repeated` and `otherwise_wrong`.
        both_wrong_by_chance: rows expected if the two erred independently of each other, each as often as it does.
        times_chance: `both_wrong` over that; None where it is 0.
        kappa: Cohen's kappa of who is wrong where (Cohen 1960): 1 on the same rows, 0 independently, below 0 on other
            rows; None where one of the two is right, or wrong, throughout.
    """

    teacher_wrong: int
    repeated: int
    otherwise_wrong: int
    student_right: int
    own_errors: int
    both_wrong: int
    both_wrong_by_chance: float
    times_chance: float | None
    kappa: float | None


def bias_figures(
    tasks: Mapping[str, Task],
    outcomes: Sequence[Outcome],
    slices: Sequence[str],
    others: Sequence[Outcome] | None = None,
) -> dict[str, Figures]:
    """Figures by task and slice.

    Args:
        tasks: by name.
        outcomes: of rows whose `gold` is the right answer and whose `label` is the teacher's; none refused.
        slices: tags to group by.
        others: another student's outcomes of the same rows, to tell inherited errors from hard rows.

    Returns:
        `{"task" or "task/tag=value": figures}`; see `docs/evaluation.md` for the keys.
    """
    found = {}
    for name, places in group_places((outcome.example for outcome in outcomes), slices).items():
        task = tasks[task_of(name)]
        rows = [outcomes[place] for place in places]
        right = sum(_teacher_right(task, row) for row in rows)
        found[name] = {
            "kind": task.answer.kind,
            "rows": len(rows),
            **share_with_interval("teacher_accuracy", right, len(rows)),
            **_student_figures(task, rows),
        }
        if (shift := label_shift(task, rows)) is not None:
            found[name]["label_shift"] = asdict(shift)
        if others is not None:
            found[name]["against"] = _student_figures(task, [others[place] for place in places])
    return found


def _student_figures(task: Task, outcomes: Sequence[Outcome]) -> Figures:
    repeated = [row.example.source for row in outcomes if _repeats(task, row)]
    return {
        **share_with_interval("student_accuracy", sum(row.correct for row in outcomes), len(outcomes)),
        "errors": asdict(error_overlap(task, outcomes)),
        **share_with_interval("repeated_share", len(repeated), len(outcomes)),
        "repeated_rows": repeated,
    }


def label_shift(task: Task, outcomes: Sequence[Outcome]) -> LabelShift | None:
    """Distributions of right, teacher's and student's answers; None for free text, which has no answers to count."""
    names, places = _answer_places(task, outcomes)
    if not names:
        return None
    given = [
        (who, place.get(normalise_answer(answer)))
        for row, place in zip(outcomes, places, strict=True)
        for who, answer in (("gold", row.gold), ("teacher", row.example.label), ("student", row.answer))
    ]
    if any(number is None for _, number in given):
        names = (*names, NO_LABEL)
    counts = {who: [0] * len(names) for who in ("gold", "teacher", "student")}
    for who, number in given:
        counts[who][-1 if number is None else number] += 1
    return LabelShift(
        answers=names,
        gold=tuple(counts["gold"]),
        teacher=tuple(counts["teacher"]),
        student=tuple(counts["student"]),
        teacher_from_gold=total_variation(counts["teacher"], counts["gold"]),
        student_from_gold=total_variation(counts["student"], counts["gold"]),
        student_from_teacher=total_variation(counts["student"], counts["teacher"]),
    )


def _answer_places(task: Task, outcomes: Sequence[Outcome]) -> tuple[tuple[str, ...], list[dict[str, int]]]:
    """Names of all answers, and for each row which answer is which of them."""
    if isinstance(task.answer, ClosedLabels):
        place = {normalise_answer(label): number for number, label in enumerate(task.answer.labels)}
        return task.answer.labels, [place] * len(outcomes)
    if isinstance(task.answer, Choices):
        choices = [merge_choices(row.example.choices) for row in outcomes]
        most = max(map(len, choices))
        names = tuple(f"choice {number}" for number in range(1, most + 1))
        return names, [{choice: number for number, choice in enumerate(of_row)} for of_row in choices]
    return (), []


def total_variation(left: Sequence[int], right: Sequence[int]) -> float:
    """Total variation distance of two distributions: half the sum of the differences of their shares, 0 to 1.

    Args:
        left: counts; at least one above 0.
        right: counts of the same things; at least one above 0.
    """
    return sum(abs(a / sum(left) - b / sum(right)) for a, b in zip(left, right, strict=True)) / 2


def error_overlap(task: Task, outcomes: Sequence[Outcome]) -> ErrorOverlap:
    """Count the rows on which teacher, student or both are wrong.

    Args:
        task: of all rows.
        outcomes: at least one.
    """
    rows = len(outcomes)
    wrong = [row for row in outcomes if not _teacher_right(task, row)]
    both = sum(not row.correct for row in wrong)
    student_wrong = sum(not row.correct for row in outcomes)
    repeated = sum(_repeats(task, row) for row in wrong)
    by_chance = len(wrong) * student_wrong / rows
    return ErrorOverlap(
        teacher_wrong=len(wrong),
        repeated=repeated,
        otherwise_wrong=both - repeated,
        student_right=len(wrong) - both,
        own_errors=student_wrong - both,
        both_wrong=both,
        both_wrong_by_chance=by_chance,
        times_chance=both / by_chance if by_chance else None,
        kappa=cohens_kappa(both, len(wrong) - both, student_wrong - both, rows),
    )


def cohens_kappa(both: int, only_first: int, only_second: int, rows: int) -> float | None:
    """Agreement of two on yes and no beyond chance (Cohen 1960).

    Args:
        both: rows on which both say yes.
        only_first: rows on which the first alone does.
        only_second: rows on which the second alone does.
        rows: all rows.

    Returns:
        At most 1; None where one of the two always says the same, so that there is nothing beyond chance to find.
    """
    first, second = both + only_first, both + only_second
    if first in (0, rows) or second in (0, rows):
        return None
    observed = (rows - only_first - only_second) / rows
    expected = (first * second + (rows - first) * (rows - second)) / rows**2
    return (observed - expected) / (1 - expected)


def by_repetition(figures: Mapping[str, Mapping[str, Any]], task: str) -> list[str]:
    """Slices of a task in which the student repeats its teacher's errors, surest first.

    Ranked by the lower end of the share's interval: three rows of three are no finding.
    """
    slices = [name for name in figures if name.startswith(f"{task}/") and figures[name]["repeated_rows"]]
    return sorted(slices, key=lambda name: -float(figures[name]["repeated_share_interval"][0]))


def _teacher_right(task: Task, row: Outcome) -> bool:
    return same_answer(task, row.example.label, row.gold)


def _repeats(task: Task, row: Outcome) -> bool:
    return not row.correct and same_answer(task, row.answer, row.example.label)
