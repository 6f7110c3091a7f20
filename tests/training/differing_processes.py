"""What `torchrun` starts in the tests: processes that do not agree, then ones that train other recipes.

Each writes what came of each call to `<folder>/<its number>.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import T5ForConditionalGeneration

from student import cli
from student.errors import DataError
from tests.training.small import rows
from training.agreement import agree_on_directory, agree_on_student
from training.model import from_preset
from training.processes import join_processes
from training.tokenizer import train_tokenizer


def main(folder: Path) -> int:
    """Make each call, and train."""
    processes = join_processes()
    index = processes.index

    def fail(*where: int) -> int:
        if index in where:
            raise DataError(f"no rows at {index}")
        return index

    def full() -> None:
        raise OSError(28, "No space left on device", "a file")

    tokenizer = train_tokenizer([row["inputs"]["text"] for row in rows()] + ["happy", "sad"], 512)

    def student(seed: int) -> T5ForConditionalGeneration:
        torch.manual_seed(seed)
        return from_preset("tiny", tokenizer, 0.0)

    (folder / str(index)).mkdir()
    calls: dict[str, Callable[[], object]] = {
        "together": lambda: processes.together(fail),
        "together, the other fails": lambda: processes.together(lambda: fail(1)),
        "together, main fails": lambda: processes.together(lambda: fail(0)),
        "together, both fail": lambda: processes.together(lambda: fail(0, 1)),
        "from main": lambda: processes.from_main(fail),
        "from main, which fails": lambda: processes.from_main(lambda: fail(0)),
        "from main, whose disk is full": lambda: processes.from_main(full),
        "agree": lambda: processes.agree("digest", on="rows"),
        "agree, they differ": lambda: processes.agree(f"digest {index}", on="rows"),
        "same student": lambda: agree_on_student(student(0), tokenizer, processes),
        "other weights": lambda: agree_on_student(student(index), tokenizer, processes),
        "same directory": lambda: agree_on_directory(folder, processes),
        "other directories": lambda: agree_on_directory(folder / str(index), processes),
    }
    came = {name: _came_of(call) for name, call in calls.items()}
    (folder / f"{index}.json").write_text(json.dumps(came))
    return cli.main(["train", str(folder / f"recipe{index}.yaml"), "--output", str(folder / "run"), "--quiet"])


def _came_of(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
