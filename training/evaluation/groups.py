"""Which rows are counted together: those of a task, and those of a slice of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from training.data.example import Example
from training.evaluation.outcome import Outcome


def group_places(examples: Iterable[Example], slices: Sequence[str] = ()) -> dict[str, list[int]]:
    """Places of the rows of each group: `task`, and `task/tag=value` for the tags given. Sorted by name."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(examples):
        groups[row.task].append(place)
        for tag in slices:
            if tag in row.tags:
                groups[f"{row.task}/{tag}={row.tags[tag]}"].append(place)
    return {name: groups[name] for name in sorted(groups, key=_in_order)}


def _in_order(name: str) -> list[tuple[int, str]]:
    """Numbers by their value: `9-12 words` before `13+ words`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def task_of(group: str) -> str:
    """The task of a group's rows."""
    return group.partition("/")[0]


def summarise(outcomes: Iterable[Outcome], slices: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """The two figures that matter most, by task, and by the values of the given tags within each task.

    Returns:
        `{"task" or "task/tag=value": {"rows", "accuracy", "rationale_agreement" (if rationales were written)}}`
    """
    outcomes = list(outcomes)
    summary: dict[str, dict[str, Any]] = {}
    for name, places in group_places((outcome.example for outcome in outcomes), slices).items():
        rows = [outcomes[place] for place in places]
        figures: dict[str, Any] = {"rows": len(rows), "accuracy": sum(row.correct for row in rows) / len(rows)}
        agreements = [row.rationale_agrees for row in rows if row.rationale_agrees is not None]
        if agreements:
            figures["rationale_agreement"] = sum(agreements) / len(agreements)
        summary[name] = figures
    return summary
