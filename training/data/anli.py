"""anli: adversarial inference over longer premises, round 1, and a teacher's reasoning (ANLI R1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from student.task import Task, find_task
from training.data.checks import request_problem
from training.data.distilled import Question, assemble, questions
from training.data.example import Example
from training.data.loaded import Labels, Loaded
from training.data.release import read_release, read_rows
from training.data.report import Rejected
from training.data.rows import Row

DATASET = "anli1"
"""What the release's files begin with."""

_LABELS = ("entailment", "neutral", "contradiction")
_FIELDS = ("premise", "hypothesis")


def load(folder: Path, split: str, *, labels: Labels = "gold") -> Loaded:
    """Load a split of the release (see `training.data.release` for the layout).

    Args:
        folder: the folder that holds `anli1_<split>.json` and `palm/`.
        split: `valid` or `test`; the release has no train rows.
        labels: whose answers become the labels; for `teacher`, rows without a readable answer are dropped.

    Raises:
        DataError: the release is incomplete or its teacher outputs do not fit its rows.
    """
    task = find_task("anli")
    rows = read_release(folder, DATASET, split)
    return assemble(f"{DATASET}/{split}", task, rows, partial(read_question, task), labels)


def read(folder: Path, split: str) -> Iterator[Row]:
    """A split's rows as they may be put to a teacher; the release's own teacher is not needed.

    Raises:
        DataError: the file is missing or has no rows.
    """
    return questions(read_rows(folder, DATASET, split), partial(read_question, find_task("anli")), "uid")


def premise(example: Example) -> str:
    """What rows must share to stay in one part: a premise comes with several hypotheses."""
    return f"anli/{example.inputs['premise']}"


def read_question(task: Task, fields: Mapping[str, Any]) -> Question | Rejected:
    """Read the fields of a row; its label is a number, counted as the release counts it."""
    inputs = {name: fields[name] for name in _FIELDS if name in fields}
    problem = request_problem(task, inputs, ())
    if problem is not None:
        return problem
    label = fields.get("label")
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < len(_LABELS):
        return Rejected(f"label must be a number from 0 to {len(_LABELS) - 1}: {', '.join(_LABELS)}")
    return Question({name: text.strip() for name, text in inputs.items()}, _LABELS[label])
