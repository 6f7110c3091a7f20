"""Figures on rows that need no tokenizer: lengths in words, labels, how often the teacher is right."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from student.task import Task, merge_choices
from training.data.example import Example

MOST_LABELS = 20
"""How many labels are told by name; tasks of free text may have as many as rows."""


def describe(task: Task, examples: Sequence[Example]) -> dict[str, Any]:
    """Figures on rows of one task.

    Words are what white space parts; a tokenizer makes more tokens than that, so that lengths near a task's limits
    are worth a look.

    Returns:
        `rows`, `with_rationale`, `words` of `input` (template included), `label` and `rationale` (each with `mean`,
        `median`, `p95` and `most`), `labels` (rows by label, the most frequent first; of tasks with choices, rows by
        the label's place among them, counted from 1), `labels_are` (which of the two), `other_labels` (how many more
        there are) and `teacher_agreement` (share of the rows whose teacher agrees with gold, None where there is
        none).
    """
    rationales = [row.rationale for row in examples if row.rationale is not None]
    labels = Counter(_label(task, row) for row in examples)
    agreements = [row.tags["teacher_agrees"] == "yes" for row in examples if "teacher_agrees" in row.tags]
    return {
        "rows": len(examples),
        "with_rationale": len(rationales),
        "words": {
            "input": _lengths(task.render(row.inputs, row.choices) for row in examples),
            "label": _lengths(row.label for row in examples),
            "rationale": _lengths(rationales),
        },
        "labels_are": "places of the label among the choices" if task.takes_choices else "labels",
        "labels": dict(sorted(labels.items(), key=lambda item: (-item[1], item[0]))[:MOST_LABELS]),
        "other_labels": max(0, len(labels) - MOST_LABELS),
        "teacher_agreement": sum(agreements) / len(agreements) if agreements else None,
    }


def _label(task: Task, row: Example) -> str:
    return str(merge_choices(row.choices).index(row.label) + 1) if task.takes_choices else row.label


def _lengths(texts: Iterable[str]) -> dict[str, float] | None:
    words = sorted(len(text.split()) for text in texts)
    if not words:
        return None
    return {
        "mean": round(sum(words) / len(words), 1),
        "median": _quantile(words, 0.5),
        "p95": _quantile(words, 0.95),
        "most": words[-1],
    }


def _quantile(ascending: Sequence[int], share: float) -> int:
    """The smallest length that at least this share of the rows does not exceed."""
    return ascending[math.ceil(share * len(ascending)) - 1]
