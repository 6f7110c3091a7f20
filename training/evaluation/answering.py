"""Every row answered once, in batches of rows of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from tqdm import tqdm

from student.task import Task
from training.data.example import Example
from training.evaluation.outcome import Outcome, Reply


class AnsweringStudent(Protocol):
    """What can be measured: `training.scoring.TorchStudent`, `training.evaluation.bundle_student.BundleStudent`."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """What it answers, by name."""

    def replies(self, examples: Sequence[Example], *, rationales: bool = False) -> list[Reply]:
        """Answer a batch, with rationales if they are asked for; order is kept."""


def answer_all(
    student: AnsweringStudent,
    examples: Sequence[Example],
    *,
    batch_size: int = 64,
    rationales: bool = False,
    progress: bool = True,
    description: str = "evaluate",
) -> list[Outcome]:
    """Answer every example; rows of similar length share a batch, order is kept.

    Args:
        student: a checkpoint's or a bundle's.
        examples: rows of its tasks.
        batch_size: rows answered at once.
        rationales: write the rationales too.
        progress: show a progress bar.
        description: what the bar says.
    """
    outcomes: dict[int, Outcome] = {}
    with tqdm(total=len(examples), desc=description, unit="row", disable=not progress) as bar:
        for indices in batched(by_length(examples), batch_size):
            rows = [examples[i] for i in indices]
            replies = student.replies(rows, rationales=rationales)
            for i, row, reply in zip(indices, rows, replies, strict=True):
                outcomes[i] = Outcome.of(student.tasks[row.task], row, reply)
            bar.update(len(rows))
    return [outcomes[i] for i in range(len(examples))]


def by_length(examples: Sequence[Example]) -> list[int]:
    """Places of the examples, the shortest first."""
    return sorted(range(len(examples)), key=lambda i: sum(map(len, examples[i].inputs.values())))


def batched(items: Sequence[int], size: int) -> Iterator[list[int]]:
    """Consecutive parts of `size` items, the last one shorter."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
