"""How often a student is right, by task and by slice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from student.answers import concludes_in, same_answer
from training.data.example import Example
from training.scoring import TorchStudent


@dataclass(frozen=True)
class Outcome:
    """One answered row.

    Attributes:
        correct: the answer means the same as the gold answer (the label, where no gold is known).
        rationale: the student's rationale, if it was asked for.
        rationale_agrees: the rationale ends in the same answer; None if no rationale was asked for.
    """

    example: Example
    answer: str
    correct: bool
    rationale: str | None = None
    rationale_agrees: bool | None = None


def answer_all(
    student: TorchStudent,
    examples: Sequence[Example],
    *,
    batch_size: int = 64,
    rationales: bool = False,
    progress: bool = True,
) -> list[Outcome]:
    """Answer every example; rows of similar length share a batch, order is kept."""
    order = sorted(range(len(examples)), key=lambda i: sum(map(len, examples[i].inputs.values())))
    outcomes: dict[int, Outcome] = {}
    with tqdm(total=len(examples), desc="evaluate", unit="row", disable=not progress) as bar:
        for indices in batched(order, batch_size):
            rows = [examples[i] for i in indices]
            written: Sequence[str | None] = student.explain(rows) if rationales else [None] * len(rows)
            for i, row, answered, rationale in zip(indices, rows, student.answer(rows), written, strict=True):
                task = student.tasks[row.task]
                agrees = None
                if rationale is not None:
                    agrees = concludes_in(task, rationale, answered.answer)
                gold = row.gold if row.gold is not None else row.label
                correct = same_answer(task, answered.answer, gold)
                outcomes[i] = Outcome(row, answered.answer, correct, rationale, agrees)
            bar.update(len(rows))
    return [outcomes[i] for i in range(len(examples))]


def summarise(outcomes: Iterable[Outcome], slices: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Figures by task, and by the values of the given tags within each task.

    Returns:
        `{"task" or "task/tag=value": {"rows", "accuracy", "rationale_agreement" (if rationales were written)}}`
    """
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.example.task].append(outcome)
        for tag in slices:
            if tag in outcome.example.tags:
                groups[f"{outcome.example.task}/{tag}={outcome.example.tags[tag]}"].append(outcome)
    summary: dict[str, dict[str, Any]] = {}
    for name in sorted(groups):
        rows = groups[name]
        figures: dict[str, Any] = {"rows": len(rows), "accuracy": sum(row.correct for row in rows) / len(rows)}
        agreements = [row.rationale_agrees for row in rows if row.rationale_agrees is not None]
        if agreements:
            figures["rationale_agreement"] = sum(agreements) / len(agreements)
        summary[name] = figures
    return summary


def batched(items: Sequence[int], size: int) -> Iterator[list[int]]:
    """Consecutive parts of `size` items, the last one shorter."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
