"""A trained student on disk: the hub's own format plus `quickstep.json` (tasks, configuration, origin)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration

from student.errors import CheckpointError
from student.task import Task
from training.model import from_pretrained

RECORD = "quickstep.json"
STUDENT = "student"
"""Folder of the finished student inside a run directory."""

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A trained student with what made it.

    Attributes:
        record: the content of `quickstep.json`: format, tasks, configuration, versions, data digest, metrics.
    """

    path: Path
    model: T5ForConditionalGeneration
    tokenizer: PreTrainedTokenizerBase
    tasks: dict[str, Task]
    record: dict[str, Any]


def save_checkpoint(
    path: Path,
    model: T5ForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    tasks: dict[str, Task],
    record: dict[str, Any],
) -> None:
    """Write a student in the hub's format with its record; the record last, so that it marks completeness."""
    path.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    content = {
        "format": FORMAT,
        "tasks": [task.model_dump(mode="json") for task in tasks.values()],
        "versions": {name: metadata.version(name) for name in ("quickstep", "torch", "transformers", "tokenizers")},
        **record,
    }
    (path / RECORD).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def load_checkpoint(path: Path) -> Checkpoint:
    """Load a student from a run directory or from the student directory itself.

    Raises:
        CheckpointError: it is missing, incomplete or unreadable.
    """
    folder = path / STUDENT if (path / STUDENT / RECORD).is_file() else path
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except OSError:
        raise CheckpointError(
            f"checkpoint {path}: has no {RECORD} (looked in {path} and {path / STUDENT}); "
            "`quickstep train` makes one when it finishes"
        ) from None
    except ValueError as error:
        raise CheckpointError(f"checkpoint {folder / RECORD}: is not JSON ({error}); train again") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(
            f"checkpoint {folder / RECORD}: is of another format than {FORMAT}; train again with this version"
        )
    try:
        tasks = [Task.model_validate(task) for task in record["tasks"]]
    except (KeyError, TypeError, ValidationError) as error:
        raise CheckpointError(f"checkpoint {folder / RECORD}: its tasks are broken ({error}); train again") from None
    model, tokenizer = from_pretrained(str(folder))
    return Checkpoint(folder, model, tokenizer, {task.name: task for task in tasks}, record)


def latest_checkpoint(runs: Path) -> Path:
    """The student finished last under `runs`.

    Raises:
        CheckpointError: there is none.
    """
    records = sorted(runs.glob(f"*/{STUDENT}/{RECORD}"), key=lambda file: file.stat().st_mtime)
    if not records:
        raise CheckpointError(f"no finished student under {runs}/; `quickstep train` makes one")
    return records[-1].parent
