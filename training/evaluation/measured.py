"""`Measured`: a student to be measured, be it a checkpoint or a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from student.bundle import MANIFEST
from student.errors import CheckpointError
from student.manifest import Precision
from student.task import Task
from training.data.example import Example
from training.evaluation.answering import AnsweringStudent, answer_all
from training.evaluation.outcome import Outcome
from training.evaluation.recorded_cuts import RecordedCuts
from training.methods import Method, method_of


@dataclass(frozen=True)
class Measured:
    """A student with what its measuring needs.

    Attributes:
        name: for people: where it lies, and its precision.
        student: answers rows.
        config: the recipe it was trained by, as far as it is known.
        folder: of the validation rows kept beside a checkpoint; None for a bundle, which keeps none.
        made_by: for the record: what it is.
        batch_rows: answered at once.
        source_tokens: lengths of rows as the label path reads them; None where rows over a limit are refused anyway.
        thresholds: by task, the probability below which it abstains; tasks on which it never does are left out.
    """

    name: str
    student: AnsweringStudent
    config: Mapping[str, Any]
    folder: Path | None
    made_by: Mapping[str, Any]
    batch_rows: int
    source_tokens: Callable[[Sequence[Example]], list[int]] | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)

    @property
    def tasks(self) -> Mapping[str, Task]:
        """What it answers, by name."""
        return self.student.tasks

    @property
    def method(self) -> Method:
        """How it was taught, which says what it is asked."""
        return method_of({"config": self.config})

    @property
    def writes_rationales(self) -> bool:
        """Whether it was taught to."""
        if self.method.learns_rationale:
            return float(self.config.get("rationale_weight", 1.0)) > 0
        return self.method.writes_rationale_first

    @property
    def cuts(self) -> RecordedCuts:
        """How its run cut validation rows: any other way would mix in rows it was trained on."""
        return RecordedCuts(self.config)

    def answer(self, examples: Sequence[Example], *, rationales: bool, progress: bool) -> list[Outcome]:
        """Answer rows; see `answer_all`."""
        return answer_all(
            self.student,
            examples,
            batch_size=self.batch_rows,
            rationales=rationales,
            progress=progress,
            description=self.name[-40:],
        )


def is_bundle(path: Path) -> bool:
    """Whether a directory holds a bundle and not a checkpoint."""
    return (path / MANIFEST).is_file()


def open_measured(path: Path, precision: Precision | None = None) -> Measured:
    """Load a run directory, a student directory or a bundle. Only the first two need torch.

    Args:
        path: the directory.
        precision: of a bundle's label path; None takes the fastest.

    Raises:
        CheckpointError: there is no student, or `precision` is given for a checkpoint.
        BundleError: the bundle is changed or incomplete, or has not this precision.
    """
    if not path.is_dir():
        raise CheckpointError(f"{path}: no such directory; give a run directory, a student directory or a bundle")
    if is_bundle(path):
        return _bundle(path, precision)
    if precision is not None:
        raise CheckpointError(
            f"{path}: --precision {precision} chooses among a bundle's label paths, and this holds no {MANIFEST}; "
            "leave it out for a checkpoint"
        )
    return _checkpoint(path)


def _bundle(path: Path, precision: Precision | None) -> Measured:
    from student.runtime import OnnxStudent
    from training.evaluation.bundle_student import BundleStudent

    student = OnnxStudent.load(path, precision=precision)
    confidence = student.bundle.manifest.confidence.get(student.precision, {})
    made_by = student.bundle.manifest.made_by.get("training")
    config = made_by.get("config") if isinstance(made_by, dict) else None
    return Measured(
        name=f"{path} ({student.precision})",
        student=BundleStudent(student),
        config=config if isinstance(config, dict) else {},
        folder=None,
        made_by={"kind": "bundle", "path": str(path), "bundle": student.bundle.label, "precision": student.precision},
        batch_rows=16,
        thresholds={task: found.threshold for task, found in confidence.items() if found.threshold is not None},
    )


def _checkpoint(path: Path) -> Measured:
    from training.checkpoint import load_checkpoint
    from training.scoring import student_for

    checkpoint = load_checkpoint(path)
    student = student_for(method_of(checkpoint.record))(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    return Measured(
        name=str(path),
        student=student,
        config=checkpoint.record.get("config", {}),
        folder=checkpoint.path,
        made_by={
            "kind": "checkpoint",
            "path": str(path),
            "versions": checkpoint.record.get("versions"),
            "data": checkpoint.record.get("data"),
        },
        batch_rows=64,
        source_tokens=student.source_tokens,
    )
