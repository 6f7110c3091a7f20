"""From rows as loaded to rows as learnt: which rationales are good enough, and what the method makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from student.errors import UnfitData
from student.task import Task, normalise_answer
from training.config import TrainConfig
from training.data.example import Example
from training.data.rationale_quality import RationaleReport, filter_rationales
from training.data.report import Rejected, Tally
from training.methods import RATIONALE_FIELD, Method, require_rationales


@dataclass(frozen=True)
class PreparedData:
    """What a run trains and validates on.

    Attributes:
        tasks: by name, as a student of the method is asked them.
        examples: as the student learns them.
        validation: as the student is asked them.
        held_out: the same as it would learn them, for the loss.
        rationales: what the training rows' rationales are like, by task.
        dropped: rows that are none for the method, by part and reason.
        answers_given_away: share of the training rows in which the answer stands in the reasoning that the student
            reads; None where it reads none.
    """

    tasks: dict[str, Task]
    examples: list[Example]
    validation: list[Example]
    held_out: list[Example]
    rationales: dict[str, RationaleReport]
    dropped: dict[str, dict[str, Tally]]
    answers_given_away: float | None = None

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
            "answers_given_away": self.answers_given_away,
        }

    def as_text(self) -> str:
        """A line for each task's rationales, and one for each reason to leave rows out."""
        lines = [f"{name}: rationales: {report.as_text()}" for name, report in self.rationales.items()]
        lines += [
            f"{part}: {tally.rows:,} rows left out: {reason} (such as {', '.join(tally.examples)})"
            for part, tallies in self.dropped.items()
            for reason, tally in tallies.items()
        ]
        if self.answers_given_away is not None:
            lines.append(f"the answer stands in the reasoning that is read, in {self.answers_given_away:.1%} of rows")
        return "\n".join(lines)


def prepare(
    config: TrainConfig, tasks: Mapping[str, Task], examples: Sequence[Example], validation: Sequence[Example]
) -> PreparedData:
    """Apply a recipe's marks and method.

    Marks are for training rows: validation rows are the same whatever a recipe learns from.

    Raises:
        UnfitData: the method needs rationales and a task has none, or no row is left.
    """
    method = config.taught_by
    kept, reports = filter_rationales(examples, tasks, config.rationales)
    if config.rationale_weight or method.needs_every_rationale:
        require_rationales(method, examples)
        _require_some_left(method, reports)
    dropped: dict[str, dict[str, Tally]] = {}
    learnt = _rows(method.row_to_learn, tasks, kept, "training", dropped)
    held_out = _rows(method.row_to_learn, tasks, validation, "validation", dropped)
    asked = _rows(method.row_to_ask, tasks, validation, "validation, asked", dropped)
    return PreparedData(
        tasks={name: method.task_for(task) for name, task in tasks.items()},
        examples=learnt,
        validation=asked,
        held_out=held_out,
        rationales=reports,
        dropped={part: tallies for part, tallies in dropped.items() if tallies},
        answers_given_away=_given_away(learnt) if method.reads_rationale else None,
    )


def _rows(
    made: Callable[[Task, Example], Example | Rejected],
    tasks: Mapping[str, Task],
    examples: Sequence[Example],
    part: str,
    dropped: dict[str, dict[str, Tally]],
) -> list[Example]:
    rows = []
    tallies = dropped.setdefault(part, {})
    for example in examples:
        row = made(tasks[example.task], example)
        if isinstance(row, Rejected):
            tallies.setdefault(row.reason, Tally()).add(example.source)
        else:
            rows.append(row)
    if examples and not rows:
        reasons = "; ".join(f"{tally.rows:,} x {reason}" for reason, tally in tallies.items())
        raise UnfitData(f"none of {len(examples):,} {part} rows is left: {reasons}")
    return rows


def _require_some_left(method: Method, reports: Mapping[str, RationaleReport]) -> None:
    bare = [f"{name} (all {len(report.scored):,})" for name, report in reports.items() if report.none_left]
    if bare:
        raise UnfitData(
            f"rationales: the marks leave out every rationale of {', '.join(bare)}, and method {method.name} needs "
            "some; lower the marks, or train labels alone with method: standard"
        )


def _given_away(examples: Sequence[Example]) -> float:
    """In how many rows the answer stands in the reasoning that the student reads, as a share."""
    given = [normalise_answer(row.label).casefold() in row.inputs[RATIONALE_FIELD].casefold() for row in examples]
    return sum(given) / len(given)
