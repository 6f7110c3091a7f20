r"""Rows of one's own task, one JSON object a line.

    {"inputs": {"text": "..."}, "label": "...", "rationale": "...", "choices": ["...", "..."], "id": "..."}

`inputs` holds the task's fields. `choices` belongs to tasks that take them; `rationale` and `id` are
optional.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from student.answers import conclusion, same_answer
from student.task import Task, merge_choices, normalise_answer
from training.data.checks import is_text_list, is_unicode, request_problem, text_problem
from training.data.example import Example
from training.data.json_lines import read_json_lines
from training.data.labels import read_label
from training.data.loaded import Loaded
from training.data.report import LoadReport, Rejected

KEYS = ("inputs", "label", "rationale", "choices", "id")

_EXPECTED = 'one JSON object a line: {"inputs": {...}, "label": "...", "rationale": "..." (optional)}'


def load(path: Path, task: Task) -> Loaded:
    """Load a file of the user's own rows.

    Labels are brought to the task's form: a label or choice as the task writes it (white space does not
    count), equations canonical (`84 / 2`). Rationales keep their words; one that does not end in the label is
    noted.

    Args:
        path: the file; a row's source is `<file name>:<line number>`.
        task: the task that all rows belong to.

    Raises:
        DataError: the file cannot be read or has no rows. What is wrong with single rows is in the report.
    """
    report = LoadReport(path.name)
    examples = []
    seen: dict[tuple[str, ...], str] = {}
    for line in read_json_lines(path, _EXPECTED):
        source = f"{path.name}:{line.number}"
        example = line.value if isinstance(line.value, Rejected) else _read_row(task, line.value, source)
        if isinstance(example, Rejected):
            report.drop(example.reason, source)
            continue
        examples.append(example)
        report.use(with_rationale=example.rationale is not None)
        if isinstance(line.value, dict):
            for note in _notes(task, line.value, example, seen):
                report.note(note, source)
    return Loaded(examples, report)


def _read_row(task: Task, row: dict[str, Any], source: str) -> Example | Rejected:
    inputs, choices, rationale = row.get("inputs"), row.get("choices"), row.get("rationale")
    choices = [] if choices is None else choices
    if not isinstance(inputs, dict):
        return Rejected("inputs must be an object with the task's fields")
    if not is_text_list(choices):
        return Rejected("choices must be a list of texts")
    problem = request_problem(task, inputs, choices) or text_problem("label", row.get("label"))
    if problem is not None:
        return problem
    label = read_label(task, str(row["label"]), choices)
    if isinstance(label, Rejected):
        return label
    if rationale is not None and not (isinstance(rationale, str) and is_unicode(rationale)):
        return Rejected("rationale must be a text; leave it out where there is none")
    return Example(
        task=task.name,
        inputs=inputs,
        label=label,
        rationale=(normalise_answer(rationale) or None) if rationale is not None else None,
        source=source,
        choices=tuple(normalise_answer(choice) for choice in choices),
        tags={"id": str(row["id"])} if row.get("id") is not None else {},
    )


def _notes(task: Task, row: dict[str, Any], example: Example, seen: dict[tuple[str, ...], str]) -> list[str]:
    """What is worth saying about a row that is used; remembers it in `seen` for the rows that follow."""
    notes = []
    if any(key not in KEYS for key in row):
        notes.append(f"unknown keys, not read (known: {', '.join(KEYS)})")
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
    question = (task.render(example.inputs, example.choices), *example.choices)
    if question not in seen:
        seen[question] = example.label
    elif seen[question] == example.label:
        notes.append("row repeats an earlier one")
    else:
        notes.append("same question as an earlier row, with another label")
    return notes
