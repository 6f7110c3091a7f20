"""From rows with teacher outputs to examples: what cqa, svamp and anli have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from student.answers import same_answer
from student.task import Task
from training.data.example import Example
from training.data.loaded import Labels, Loaded
from training.data.release import ReleaseRow, UntaughtRow
from training.data.report import LoadReport, Rejected
from training.data.rows import Row
from training.data.teacher_output import TeacherAnswer, read_output


@dataclass(frozen=True)
class Question:
    """A row without its teacher: inputs, choices and the gold answer in the form the student learns."""

    inputs: Mapping[str, str]
    gold: str
    choices: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


ReadQuestion = Callable[[Mapping[str, Any]], Question | Rejected]
"""How a dataset reads the fields of a row."""


def questions(rows: Iterable[UntaughtRow], read_question: ReadQuestion, identity: str | None = None) -> Iterator[Row]:
    """Rows without their teacher, as those of one's own files are read.

    Args:
        rows: as read from the release.
        read_question: the dataset's own part.
        identity: the field that names a row, where there is one.
    """
    for row in rows:
        if isinstance(row.fields, Rejected):
            yield Row(row.source, row.fields)
            continue
        question = read_question(row.fields)
        if isinstance(question, Rejected):
            yield Row(row.source, question)
            continue
        fields: dict[str, object] = {"inputs": dict(question.inputs), "label": question.gold}
        if question.choices:
            fields["choices"] = list(question.choices)
        if identity is not None:
            fields["id"] = row.fields.get(identity)
        yield Row(row.source, fields)


def assemble(name: str, task: Task, rows: Iterable[ReleaseRow], read_question: ReadQuestion, labels: Labels) -> Loaded:
    """Make examples of rows.

    With gold labels a row keeps its rationale even where the teacher's answer is wrong (as in the paper), and
    the tag `teacher_agrees` says `yes` or `no`; a row whose teacher output cannot be read is used without
    rationale and without that tag. With teacher labels such a row is dropped.

    Args:
        name: what is loaded, for the report.
        task: the task of all rows.
        rows: rows as read from the release.
        read_question: the dataset's own part.
        labels: whose answers become the labels.
    """
    report = LoadReport(name)
    examples = []
    for row in rows:
        question = row.fields if isinstance(row.fields, Rejected) else read_question(row.fields)
        if isinstance(question, Rejected):
            report.drop(question.reason, row.source)
            continue
        answer = read_output(row.teacher_output, task, question.inputs, question.choices)
        agrees = isinstance(answer, TeacherAnswer) and same_answer(task, answer.label, question.gold)
        report.compare_teacher(agrees=agrees)
        if isinstance(answer, Rejected) and labels == "teacher":
            report.drop(answer.reason, row.source)
            continue
        example = Example(
            task=task.name,
            inputs=question.inputs,
            label=question.gold,
            rationale=None,
            source=row.source,
            choices=question.choices,
            gold=question.gold,
        )
        if isinstance(answer, TeacherAnswer):
            example = _taught(example, answer, labels, agrees=agrees)
        examples.append(example)
        report.use(with_rationale=example.rationale is not None)
        notes = (f"no rationale: {answer.reason}",) if isinstance(answer, Rejected) else answer.notes
        for note in (*question.notes, *notes):
            report.note(note, row.source)
    return Loaded(examples, report)


def _taught(example: Example, answer: TeacherAnswer, labels: Labels, *, agrees: bool) -> Example:
    return replace(
        example,
        label=answer.label if labels == "teacher" else example.label,
        rationale=answer.rationale,
        rationale_by="teacher",
        tags={"teacher_agrees": "yes" if agrees else "no"},
    )
