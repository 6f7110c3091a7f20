"""`Loaded`: what every loader returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.data.example import Example
from training.data.report import LoadReport

Labels = Literal["gold", "teacher"]
"""Whose answers the student learns: the dataset's own, or the teacher's."""


@dataclass(frozen=True)
class Loaded:
    """The rows of a dataset that can be used, in its order, and a report on all of them."""

    examples: list[Example]
    report: LoadReport
