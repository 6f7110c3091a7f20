"""cqa: commonsense questions with five choices, and a teacher's reasoning (CommonsenseQA, CoS-E v1.11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from student.task import Task, find_task, merge_choices, normalise_answer
from training.data.checks import is_text_list, request_problem, text_problem
from training.data.distilled import Question, assemble, questions
from training.data.loaded import Labels, Loaded
from training.data.release import read_release, read_rows
from training.data.report import Rejected
from training.data.rows import Row

CHOICE_REPEATED = "a choice is repeated"
CHOICE_SPACING = "white space in a choice made single"


def load(folder: Path, split: str, *, labels: Labels = "gold") -> Loaded:
    """Load a split of the release (see `training.data.release` for the layout).

    Choices are kept as given, repetitions included: the teacher's letters and the student's input count them.
    Only their white space is made single.

    Args:
        folder: the folder that holds `cqa_<split>.json` and `palm/`.
        split: `train` or `test`.
        labels: whose answers become the labels; for `teacher`, rows without a readable answer are dropped.

    Raises:
        DataError: the release is incomplete or its teacher outputs do not fit its rows.
    """
    task = find_task("cqa")
    return assemble(f"cqa/{split}", task, read_release(folder, "cqa", split), partial(read_question, task), labels)


def read(folder: Path, split: str) -> Iterator[Row]:
    """A split's rows as they may be put to a teacher; the release's own teacher is not needed.

    Raises:
        DataError: the file is missing or has no rows.
    """
    return questions(read_rows(folder, "cqa", split), partial(read_question, find_task("cqa")), "id")


def read_question(task: Task, fields: Mapping[str, Any]) -> Question | Rejected:
    """Read the fields of a row."""
    inputs = {"question": fields["question"]} if "question" in fields else {}
    given, answer = fields.get("choices"), fields.get("answer")
    if not is_text_list(given):
        return Rejected("choices must be a list of texts")
    problem = request_problem(task, inputs, given) or text_problem("answer", answer)
    if problem is not None:
        return problem
    gold, merged = normalise_answer(str(answer)), merge_choices(given)
    if gold not in merged:
        return Rejected("answer is none of the choices")
    choices = tuple(normalise_answer(choice) for choice in given)
    notes = []
    if len(merged) < len(choices):
        notes.append(CHOICE_REPEATED)
    if choices != tuple(given):
        notes.append(CHOICE_SPACING)
    return Question(inputs, gold, choices, tuple(notes))
