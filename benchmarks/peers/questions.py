"""Rows of the demo tasks, whose label is the task that they belong to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.peers.system import LABEL_TOKENS, Rows
from serving.settings import DEMO_STUDENT
from student.bundle import TOKENIZER
from student.reader import load_tokenizer
from training.data.sources import Split, generate_rows

END = 1
LABELS = tuple((number, number + 10, number + 20, END) for number in (100, 101, 102))
"""Token ids that stand for the three tasks."""
assert all(len(label) == LABEL_TOKENS for label in LABELS)

_TASKS = ("demo-nli", "demo-choices", "demo-math")
_SEED = 0


def source_rows(split: Split, rows: int) -> Rows:
    """Tokenised rows, `</s>` last."""
    return [ids for ids, _ in labelled_rows(split, rows)]


def labelled_rows(split: Split, rows: int) -> list[tuple[npt.NDArray[np.int64], int]]:
    """Rows of the three tasks in turns, their text without prefix and template, each with its task's number."""
    tokenizer = load_tokenizer(DEMO_STUDENT / TOKENIZER)
    generated = [generate_rows(task, split, rows // len(_TASKS) + 1, _SEED) for task in _TASKS]
    made = []
    for number in range(rows):
        task = number % len(_TASKS)
        text = " ".join(next(generated[task]).inputs.values())
        made.append((np.array(tokenizer.encode(text).ids), task))
    return made
