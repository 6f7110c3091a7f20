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
from training.data.json_lines import JsonLine, read_json_lines
from training.data.loaded import Labels, Loaded
from training.data.report import Rejected
from training.data.rows import KEYS, Row, assemble_rows

UNKNOWN_KEYS = f"unknown keys, not read (known: {', '.join(KEYS)})"

_EXPECTED = 'one JSON object a line: {"inputs": {...}, "label": "...", "rationale": "..." (optional)}'


def load(path: Path, task: Task, *, labels: Labels = "gold") -> Loaded:
    """Load a file of the user's own rows.

    Args:
        path: the file; a row's source is `<file name>:<line number>`.
        task: the task that all rows belong to.
        labels: whose answers become the labels (see `training.data.rows.assemble_rows`).

    Raises:
        DataError: the file cannot be read or has no rows. What is wrong with single rows is in the report.
    """
    return assemble_rows(path.name, task, _rows(path.name, read_json_lines(path, _EXPECTED)), labels)


def _rows(name: str, lines: list[JsonLine]) -> Iterator[Row]:
    for line in lines:
        known = isinstance(line.value, Rejected) or all(key in KEYS for key in line.value)
        yield Row(f"{name}:{line.number}", line.value, () if known else (UNKNOWN_KEYS,))
