r"""Rows of one's own task, one JSON object a line.

    {"inputs": {"text": "..."}, "label": "...", "rationale": "...", "choices": ["...", "..."], "id": "..."}

`inputs` holds the task's fields. `choices` belongs to tasks that take them; `rationale` and `id` are
optional. Rows that a teacher has answered have its answer as `teacher_label`, and may lack `label`. All keys:
`training.data.rows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from student.task import Task
from training.data.json_lines import read_json_lines
from training.data.loaded import Labels, Loaded
from training.data.report import Rejected
from training.data.rows import KEYS, Row, assemble_rows

UNKNOWN_KEYS = f"unknown keys, not read (known: {', '.join(KEYS)})"

_LEARNED = 'one JSON object a line: {"inputs": {...}, "label": "...", "rationale": "..." (optional)}'
_ASKED = 'one JSON object a line: {"inputs": {...}, "label": "..." (optional), "choices": [...] (optional)}'


def load(path: Path, task: Task, *, labels: Labels = "gold") -> Loaded:
    """Load a file of the user's own rows.

    Args:
        path: the file; a row's source is `<file name>:<line number>`.
        task: the task that all rows belong to.
        labels: whose answers become the labels (see `training.data.rows.assemble_rows`).

    Raises:
        DataError: the file cannot be read or has no rows. What is wrong with single rows is in the report.
    """
    return assemble_rows(path.name, task, read(path), labels)


def read(path: Path, *, answered: bool = True) -> Iterator[Row]:
    """The file's rows as they stand there.

    Args:
        path: the file.
        answered: whether rows are to have answers, which only what is told of a broken file depends on.

    Raises:
        DataError: the file cannot be read or has no rows.
    """
    for line in read_json_lines(path, _LEARNED if answered else _ASKED):
        known = isinstance(line.value, Rejected) or all(key in KEYS for key in line.value)
        yield Row(f"{path.name}:{line.number}", line.value, () if known else (UNKNOWN_KEYS,))
