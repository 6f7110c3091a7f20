"""From rows as loaded to rows as learnt: which rationales are good enough, and what the method makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from student.errors import DataError
from student.task import Task
from training.config import TrainConfig
from training.data.example import Example
from training.data.rationale_quality import RationaleReport, filter_rationales
from training.data.report import Rejected, Tally
from training.methods import require_rationales


@dataclass(frozen=True)
class PreparedData:
    """What a run trains and validates on.

    Attributes:
        tasks: by name, as a student of the method is asked them.
        rationales: what the training rows' rationales are like, by task.
        dropped: rows that are none for the method, by `training` and `validation` and by reason.
    """

    tasks: dict[str, Task]
    examples: list[Example]
    validation: list[Example]
    rationales: dict[str, RationaleReport]
    dropped: dict[str, dict[str, Tally]]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, for the run's report on its data."""
        return {
            "rationales": {name: report.as_dict() for name, report in self.rationales.items()},
            "dropped_for_method": {
                part: {
                    reason: {"rows": tally.rows, "examples": list(tally.examples)} for reason, tally in tallies.items()
                }
                for part, tallies in self.dropped.items()
            },
        }

    def as_text(self) -> str:
        """A line for each task's rationales, and one for each reason to leave rows out."""
        lines = [f"{name}: rationales: {report.as_text()}" for name, report in self.rationales.items()]
        lines += [
            f"{part}: {tally.rows:,} rows left out: {reason} (such as {', '.join(tally.examples)})"
            for part, tallies in self.dropped.items()
            for reason, tally in tallies.items()
        ]
        return "\n".join(lines)


def prepare(
    config: TrainConfig, tasks: Mapping[str, Task], examples: Sequence[Example], validation: Sequence[Example]
) -> PreparedData:
    """Apply a recipe's marks and method.

    Marks are for training rows: validation rows are the same whatever a recipe learns from.

    Raises:
        DataError: the method needs rationales and a task has none, or no row is left.
    """
    method = config.taught_by
    if config.rationale_weight or method.needs_every_rationale:
        require_rationales(method, examples)
    kept, reports = filter_rationales(examples, tasks, config.rationales)
    dropped: dict[str, dict[str, Tally]] = {}
    rows: dict[str, list[Example]] = {}
    for part, given in (("training", kept), ("validation", validation)):
        rows[part], dropped[part] = [], {}
        for example in given:
            row = method.row_for(tasks[example.task], example)
            if isinstance(row, Rejected):
                dropped[part].setdefault(row.reason, Tally()).add(example.source)
            else:
                rows[part].append(row)
        if given and not rows[part]:
            reasons = "; ".join(f"{tally.rows:,} x {reason}" for reason, tally in dropped[part].items())
            raise DataError(f"method {method.name}: none of {len(given):,} {part} rows is left: {reasons}")
    return PreparedData(
        tasks={name: method.task_for(task) for name, task in tasks.items()},
        examples=rows["training"],
        validation=rows["validation"],
        rationales=reports,
        dropped=dropped,
    )
