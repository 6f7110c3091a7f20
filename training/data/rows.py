"""From rows of fields to examples: the checks that all loaders of plain rows share, whatever the file's format.

A row is a mapping with these keys, of which a format may lack some:

    inputs          the task's fields, by name
    label           the gold answer
    teacher_label   the teacher's answer
    rationale       the reasoning to learn
    choices         for tasks that take them
    id              kept as a tag
    votes, rationales   what a teacher asked several times wrote: known, not learned from
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from student.answers import conclusion, same_answer
from student.task import Task, merge_choices, normalise_answer
from training.data.checks import is_text_list, is_unicode, request_problem, text_problem
from training.data.example import Example, RationaleBy, Unanswered
from training.data.labels import read_label
from training.data.loaded import Labels, Loaded
from training.data.report import LoadReport, Rejected

KEYS = ("inputs", "label", "teacher_label", "rationale", "choices", "id", "votes", "rationales")

NO_GOLD = "label is missing: learned from, but never validated on"
NO_LABEL = "label is missing"
TEACHER_ALONE = "label is missing; the row has a teacher_label: labels: teacher would learn that"


@dataclass(frozen=True)
class Row:
    """A row as a format's reader found it.

    Attributes:
        source: where it stands, precise enough to find it again.
        fields: its values by the keys above, or why there are none.
        notes: what the reader has to say about it.
        without_label: why it has no gold answer, where that is no fault of the row: it is then left out, not
            dropped, where gold is to be learned.
    """

    source: str
    fields: Mapping[str, object] | Rejected
    notes: tuple[str, ...] = ()
    without_label: str | None = None


@dataclass(frozen=True)
class _Question:
    inputs: Mapping[str, str]
    choices: tuple[str, ...]
    gold: str | None
    teacher: str | Rejected | None
    rationale: str | None

    def agreement(self, task: Task) -> bool | None:
        """Whether the teacher's answer means the same as gold; None where one of the two is missing."""
        if self.gold is None or self.teacher is None:
            return None
        return isinstance(self.teacher, str) and same_answer(task, self.teacher, self.gold)

    def learned(self, labels: Labels) -> str | Rejected:
        """The label, or why the row has none."""
        if labels == "teacher":
            return Rejected("teacher_label is missing") if self.teacher is None else self.teacher
        if self.gold is None:
            return Rejected(NO_LABEL if self.teacher is None else TEACHER_ALONE)
        return self.gold


def assemble_rows(
    name: str, task: Task, rows: Iterable[Row], labels: Labels, *, rationale_by: RationaleBy | None = None
) -> Loaded:
    """Make examples of rows.

    Labels, gold and teacher's alike, are brought to the task's form: a label or choice as the task writes it
    (white space does not count), equations canonical (`84 / 2`). Rationales keep their words; one that does
    not end in the label is noted.

    Args:
        name: what is loaded, for the report.
        task: the task of all rows.
        rows: rows with distinct sources.
        labels: whose answers become the labels. With `teacher`, gold is kept beside it where it is known, and
            rows without a teacher's answer are dropped; with `gold`, those without a gold one.
        rationale_by: who wrote the rationales; None: the teacher those of rows that have a teacher's answer too, and
            of the others it is not known.
    """
    report = LoadReport(name)
    examples: list[Example] = []
    unanswered: list[Unanswered] = []
    seen: dict[tuple[str, ...], str] = {}
    for row in rows:
        question = row.fields if isinstance(row.fields, Rejected) else _read(task, row.fields)
        if isinstance(question, Rejected):
            report.drop(question.reason, row.source)
            continue
        agrees = question.agreement(task)
        if agrees is not None:
            report.compare_teacher(agrees=agrees)
        label = question.learned(labels)
        if question.gold is None and question.teacher is None:
            unanswered.append(Unanswered(task.name, question.inputs, row.source, question.choices))
        if isinstance(label, Rejected):
            if row.without_label is not None and question.gold is None:
                report.leave_out(row.without_label, row.source)
            else:
                report.drop(label.reason, row.source)
            continue
        example = Example(
            task=task.name,
            inputs=question.inputs,
            label=label,
            rationale=question.rationale,
            source=row.source,
            choices=question.choices,
            gold=question.gold if question.teacher is not None else None,
            tags=_tags(row, question, agrees),
            rationale_by=rationale_by or ("unknown" if question.teacher is None else "teacher"),
        )
        examples.append(example)
        report.use(with_rationale=example.rationale is not None)
        for note in (*row.notes, *_notes(task, question, example, seen)):
            report.note(note, row.source)
    return Loaded(examples, report, unanswered)


def read_inputs(task: Task, fields: Mapping[str, object]) -> tuple[dict[str, str], list[str]] | Rejected:
    """A row's inputs and choices as they stand there, or why the task cannot ask them."""
    inputs, choices = fields.get("inputs"), fields.get("choices")
    choices = [] if choices is None else choices
    if not isinstance(inputs, dict):
        return Rejected("inputs must be an object with the task's fields")
    if not is_text_list(choices):
        return Rejected("choices must be a list of texts")
    return request_problem(task, inputs, choices) or (inputs, choices)


def _read(task: Task, fields: Mapping[str, object]) -> _Question | Rejected:
    asked, rationale = read_inputs(task, fields), fields.get("rationale")
    if isinstance(asked, Rejected):
        return asked
    inputs, choices = asked
    gold = _answer(task, "label", fields.get("label"), choices)
    if isinstance(gold, Rejected):
        return gold
    if rationale is not None and not (isinstance(rationale, str) and is_unicode(rationale)):
        return Rejected("rationale must be a text; leave it out where there is none")
    return _Question(
        inputs=inputs,
        choices=tuple(normalise_answer(choice) for choice in choices),
        gold=gold,
        teacher=_answer(task, "teacher_label", fields.get("teacher_label"), choices),
        rationale=(normalise_answer(rationale) or None) if rationale is not None else None,
    )


def _answer(task: Task, field: str, value: object, choices: list[str]) -> str | Rejected | None:
    """An answer in the form in which the task writes it; None where there is none."""
    if value is None:
        return None
    return text_problem(field, value) or read_label(task, str(value), choices, field)


def _tags(row: Row, question: _Question, agrees: bool | None) -> dict[str, str]:
    tags = {}
    if isinstance(row.fields, Mapping) and row.fields.get("id") is not None:
        tags["id"] = str(row.fields["id"])
    if agrees is not None and isinstance(question.teacher, str):
        tags["teacher_agrees"] = "yes" if agrees else "no"
    return tags


def _notes(task: Task, question: _Question, example: Example, seen: dict[tuple[str, ...], str]) -> list[str]:
    """What is worth saying about a row that is used; remembers it in `seen` for the rows that follow."""
    notes = []
    if question.gold is None:
        notes.append(NO_GOLD)
    if isinstance(question.teacher, Rejected):
        notes.append(question.teacher.reason)
    if example.rationale is None:
        notes.append("rationale is missing")
    else:
        concluded = conclusion(task, example.rationale)
        if concluded is None:
            notes.append(f"rationale does not conclude with {task.conclusion!r}")
        elif not same_answer(task, concluded, example.label):
            notes.append("rationale concludes with another answer than the label")
    if len(merge_choices(example.choices)) < len(example.choices):
        notes.append("a choice is repeated")
    asked = (task.render(example.inputs, example.choices), *example.choices)
    if asked not in seen:
        seen[asked] = example.label
    elif seen[asked] == example.label:
        notes.append("row repeats an earlier one")
    else:
        notes.append("same question as an earlier row, with another label")
    return notes
