"""`Confidence`: how a task's probabilities are calibrated, and below which the student abstains."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ALL_TASKS = "all"
"""Stands for every task where something is asked for by task."""


class Confidence(BaseModel):
    """What export found on validation rows, for one task in one precision.

    Attributes:
        temperature: an answer's probability is raised to 1 / temperature, and all are divided by their sum. Above 1
            the student was too sure of itself. The order of the answers stays as it is.
        threshold: the student abstains where its best answer is less probable than this, after the temperature; None
            where it never does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None

    def abstains(self, best: float) -> bool:
        """Whether an answer of this probability is held back."""
        return self.threshold is not None and best < self.threshold
