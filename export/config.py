"""`ExportConfig`: what a bundle shall hold and what is demanded of it, read from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from export.parity import Thresholds
from student.confidence import ALL_TASKS
from student.errors import ExportError
from student.manifest import Precision
from student.validation import problems_of, read_yaml


class ExportConfig(BaseModel):
    """How a student is compiled.

    Attributes:
        precisions: of the label path; fp32 is always among them, as the reference.
        max_text_rows: rows, evenly over tasks, whose rationales and free-text answers the gate compares: each takes a
            decoding loop.
        selective_accuracy: by task (`all` for those not named), the share of answered rows that shall be right; the
            student abstains on the rest. A task that is not named never abstains.
        thresholds: what the parity gate demands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    precisions: Annotated[tuple[Precision, ...], Field(min_length=1)] = ("fp32",)
    max_text_rows: Annotated[int, Field(ge=1)] = 300
    selective_accuracy: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    thresholds: Thresholds = Thresholds()

    @field_validator("selective_accuracy", mode="before")
    @classmethod
    def _of_all_tasks(cls, given: Any) -> Any:
        """A number alone is meant for all tasks, as it is on the command line."""
        return {ALL_TASKS: given} if isinstance(given, int | float) and not isinstance(given, bool) else given

    @field_validator("precisions", mode="before")
    @classmethod
    def _of_a_text(cls, given: Any) -> Any:
        """`int8` and `fp32,int8` are meant as lists, as they are on the command line."""
        return [part.strip() for part in given.split(",")] if isinstance(given, str) else given

    @field_validator("precisions")
    @classmethod
    def _with_float32_first(cls, precisions: tuple[Precision, ...]) -> tuple[Precision, ...]:
        return tuple(precision for precision in get_args(Precision) if precision in ("fp32", *precisions))

    def selective_accuracy_of(self, task: str) -> float | None:
        """What is asked for of a task; None asks for nothing."""
        return self.selective_accuracy.get(task, self.selective_accuracy.get(ALL_TASKS))


def load_export_config(path: Path | None, overrides: Mapping[str, Any]) -> ExportConfig:
    """Read an export configuration.

    Args:
        path: YAML file; None starts from the defaults.
        overrides: values that replace top-level keys.

    Raises:
        ExportError: naming every problem at once.
    """
    name = f"export configuration {path}" if path is not None else "export"
    content: Any = {}
    if path is not None:
        content = read_yaml(path, "export configuration", ExportError) or {}
        if not isinstance(content, dict):
            raise ExportError(f"{name}: must be a mapping; its keys are {', '.join(ExportConfig.model_fields)}")
    try:
        return ExportConfig.model_validate({**content, **overrides})
    except ValidationError as error:
        raise ExportError(f"{name}: {problems_of(error, ExportConfig.model_fields)}") from None
