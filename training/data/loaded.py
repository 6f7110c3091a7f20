"""`Loaded`: what every loader returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.data.example import Example, Unanswered
from training.data.report import LoadReport

Labels = Literal["gold", "teacher"]
"""Whose answers the student learns: the dataset's own, or the teacher's."""


@dataclass(frozen=True)
class Loaded:
    """The rows of a dataset that can be used, in its order, and a report on all of them.

    Attributes:
        examples: the rows that can be learned.
        report: what became of every row.
        unanswered: rows that are whole but have neither a gold answer nor a teacher's: something to ask a teacher.
    """

    examples: list[Example]
    report: LoadReport
    unanswered: list[Unanswered] = field(default_factory=list)
