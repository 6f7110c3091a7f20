"""The finished student's place in a run directory: taken only by a whole one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration

from student.task import Task
from training.checkpoint import STUDENT, save_checkpoint
from training.data.example import Example
from training.validation_rows import write_rows
from training.whole_checkpoints import UNFINISHED, told_where_it_fails

_EARLIER = f"{STUDENT}.earlier"
"""Beside the student's place and not in `unfinished/`, which is deleted: a killed run may leave it as the only one."""


def put_back(output: Path) -> None:
    """Give an earlier student its place again, if a run was killed before the one that replaces it had taken it."""
    place, earlier = output / STUDENT, output / _EARLIER
    if place.exists():
        shutil.rmtree(earlier, ignore_errors=True)
    elif earlier.exists():
        earlier.rename(place)


def save_student(
    output: Path,
    model: T5ForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    tasks: dict[str, Task],
    validation: list[Example],
    record: dict[str, Any],
) -> Path:
    """Write the finished student beside an earlier one, which then makes room for it.

    Args:
        output: run directory.
        model: of the library's class.
        tokenizer: the model's.
        tasks: that the student answers, by name.
        validation: rows that the run was validated on.
        record: what made the student; see `save_checkpoint`.

    Returns:
        The student's directory.

    Raises:
        CheckpointError: it cannot be written; an earlier student is as it was.
    """
    place = output / STUDENT
    unfinished, earlier = output / UNFINISHED / STUDENT, output / _EARLIER
    try:
        with told_where_it_fails(place, f"only the student is written again, from the checkpoints in {output}"):
            put_back(output)
            shutil.rmtree(output / UNFINISHED, ignore_errors=True)
            unfinished.mkdir(parents=True)
            write_rows(unfinished, validation)
            save_checkpoint(unfinished, model, tokenizer, tasks, record)
            if place.exists():
                place.rename(earlier)
            try:
                unfinished.rename(place)
            except OSError:
                if earlier.exists():
                    earlier.rename(place)
                raise
        shutil.rmtree(earlier, ignore_errors=True)
    finally:
        shutil.rmtree(output / UNFINISHED, ignore_errors=True)
    return place
