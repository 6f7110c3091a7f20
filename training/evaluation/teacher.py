"""Rows whose right answer and teacher's answer are both known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from student.answers import same_answer
from student.errors import DataError
from student.task import Choices, ClosedLabels, Task, merge_choices, normalise_answer
from training.data.example import Example
from training.evaluation.measured import Measured
from training.evaluation.outcome import right_answer
from training.evaluation.predictions import read_answers
from training.evaluation.rows import Selection, gold_rows, open_rows, require_known

NO_ANSWER = "no answer of the teacher"
NOT_AMONG_THE_ANSWERS = "the teacher's answer is none of the row's answers"


@dataclass(frozen=True)
class Taught:
    """Rows to judge a student and its teacher on.

    Attributes:
        examples: rows; `gold` is the right answer, `label` the teacher's.
        left_out: rows that are not among them, by reason.
    """

    examples: list[Example]
    left_out: Mapping[str, int] = field(default_factory=dict)


def load_taught(measured: Measured, selection: Selection, recorded: Path | None = None) -> Taught:
    """Load rows with the teacher's answers.

    Args:
        measured: the student.
        selection: which rows; at least one source.
        recorded: a file of the teacher's answers, by task and source; None takes those that come with the data.

    Raises:
        DataError: rows or answers cannot be read, a source has no teacher's answers, no row has both, or the student
            does not know a row's task or right answer, or recorded answers may belong to either of two rows.
    """
    gold = {spec: gold_rows(measured, spec, selection) for spec in selection.sources}
    everything = [row for rows in gold.values() for row in rows]
    require_known(measured.tasks, everything)
    if recorded is not None:
        _require_distinct(everything, recorded)
        return pair(measured.tasks, everything, read_answers(recorded))
    left_out: Counter[str] = Counter()
    examples: list[Example] = []
    # Source by source: files of one name in two folders name their rows alike.
    for spec, rows in gold.items():
        source = open_rows(measured, spec, selection, labels="teacher")
        answered = source.load(selection.split, held_out_labels="teacher").examples
        taught = pair(measured.tasks, rows, {(row.task, row.source): row.label for row in answered})
        examples += taught.examples
        left_out.update(taught.left_out)
    return Taught(examples, dict(left_out))


def _require_distinct(examples: Iterable[Example], recorded: Path) -> None:
    named = Counter((row.task, row.source) for row in examples)
    if twice := [source for (_, source), rows in named.items() if rows > 1]:
        raise DataError(
            f"--teacher {recorded}: {len(twice)} rows of --data go by the name of another row (such as {twice[0]}), so "
            "that an answer may belong to either; rename one of the files, or measure them one by one"
        )


def pair(tasks: Mapping[str, Task], examples: list[Example], answers: Mapping[tuple[str, str], str]) -> Taught:
    """Put the teacher's answers beside the right ones.

    Args:
        tasks: by name.
        examples: rows with right answers.
        answers: the teacher's, by task and source.
    """
    left_out: Counter[str] = Counter()
    taught = []
    for row in examples:
        answer = answers.get((row.task, row.source))
        if answer is None:
            left_out[NO_ANSWER] += 1
        elif not _possible(tasks[row.task], row, answer):
            left_out[NOT_AMONG_THE_ANSWERS] += 1
        else:
            taught.append(replace(row, label=answer, gold=right_answer(row)))
    return Taught(taught, dict(left_out))


def _possible(task: Task, row: Example, answer: str) -> bool:
    match task.answer:
        case ClosedLabels(labels=labels):
            return any(same_answer(task, label, answer) for label in labels)
        case Choices():
            return normalise_answer(answer) in merge_choices(row.choices)
        case _:
            return True
