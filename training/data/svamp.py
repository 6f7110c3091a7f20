"""svamp: word problems of arithmetic, answered with an equation, and a teacher's reasoning (SVAMP)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from student.errors import AnswerError
from student.task import Task, find_task
from training.data.checks import request_problem, text_problem
from training.data.distilled import Question, assemble, questions
from training.data.equations import canonical_equation
from training.data.loaded import Labels, Loaded
from training.data.release import read_release, read_rows
from training.data.report import Rejected
from training.data.rows import Row


def load(folder: Path, split: str, *, labels: Labels = "gold") -> Loaded:
    """Load a split of the release (see `training.data.release` for the layout).

    Equations, gold and teacher's alike, are brought to one form: `( 84.0 / 2.0 )` becomes `84 / 2`.

    Args:
        folder: the folder that holds `svamp_<split>.json` and `palm/`.
        split: `train` or `test`.
        labels: whose answers become the labels; for `teacher`, rows without a readable answer are dropped.

    Raises:
        DataError: the release is incomplete or its teacher outputs do not fit its rows.
    """
    task = find_task("svamp")
    return assemble(f"svamp/{split}", task, read_release(folder, "svamp", split), partial(read_question, task), labels)


def read(folder: Path, split: str) -> Iterator[Row]:
    """A split's rows as they may be put to a teacher; the release's own teacher is not needed.

    Raises:
        DataError: the file is missing or has no rows.
    """
    return questions(read_rows(folder, "svamp", split), partial(read_question, find_task("svamp")))


def read_question(task: Task, fields: Mapping[str, Any]) -> Question | Rejected:
    """Read the fields of a row."""
    inputs = {"problem": fields["input"]} if "input" in fields else {}
    label = fields.get("label")
    problem = request_problem(task, inputs, ()) or text_problem("label", label)
    if problem is not None:
        return problem
    try:
        return Question(inputs, canonical_equation(str(label)))
    except AnswerError:
        return Rejected("label is not plain arithmetic")
