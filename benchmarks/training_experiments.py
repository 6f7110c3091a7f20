"""The experiments of `benchmarks/training.py`: for each a recipe and its axes, as `quickstep experiment` takes them.

Two recipes: real text, of which there is little, and the demo tasks, which a student without pretraining can learn.
Both were chosen on validation rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.noisy_teacher import write_gold, write_taught

WRONG_SHARE = 0.25
"""Of the noisy teacher's rows."""

_DATA_SEED = 0
_VALIDATION_ROWS = 500
_TEST_ROWS = 1000

_FROM_SCRATCH = {
    "preset": "demo",
    "optimizer": "muon",
    "learning_rate": 0.00125,
    "embedding_rate_factor": 3,
    "adam_beta2": 0.98,
    "rationale_weight": 0.5,
    "group_by_length": True,
    "threads": 1,
}
_REAL = {**_FROM_SCRATCH, "dropout_rate": 0.1, "batch_size": 32, "steps": 400, "validate_every": 200}
_DEMO = {**_FROM_SCRATCH, "batch_size": 32, "steps": 600, "validate_every": 200}

_TWO = {"standard": {"method": "standard"}, "step-by-step": {"method": "step-by-step"}}
_PARTS = [0.25, 0.5, 1.0]
_OTHERS: dict[str, dict[str, Any]] = {
    "standard-distillation": {"method": "standard", "labels": "teacher"},
    "step-by-step-teacher-labels": {"method": "step-by-step", "labels": "teacher"},
    "step-by-step-agreeing": {"method": "step-by-step", "rationales": {"agree": True}},
    "single-task": {"method": "single-task"},
    "rationale-given": {"method": "rationale-given"},
}
"""Beside the two, with all of the data. Agreeing: only rationales that end in the row's own label."""


@dataclass(frozen=True)
class Experiment:
    """An experiment as results name it.

    Attributes:
        dataset: what it is about.
        folder: of the datasets, in their release's layout; None where the rows are made here.
        recipe: keys of the recipe but its data.
        data: the sources, given the dataset's folder or the folder where rows are to be made.
        axes: what is compared.
    """

    dataset: str
    folder: str | None
    recipe: Mapping[str, Any]
    data: Callable[[Path], list[dict[str, Any]]]
    axes: Callable[[Path], dict[str, Any]]


def _release(kind: str, **keys: Any) -> Callable[[Path], list[dict[str, Any]]]:
    return lambda folder: [{"source": f"{kind}:{folder}", "validation_rows": _VALIDATION_ROWS, **keys}]


def _axes(**axes: Any) -> Callable[[Path], dict[str, Any]]:
    return lambda folder: axes


def _svamp_axes(folder: Path) -> dict[str, Any]:
    extra = {"source": f"asdiv:{folder.parent / 'asdiv'}", "labels": "teacher", "validation_rows": 0}
    with_asdiv = {"method": "step-by-step", "labels": "teacher", "data": [*_release("svamp")(folder), extra]}
    return {"methods": {**_OTHERS, "step-by-step-with-asdiv": with_asdiv}, "seeds": [0]}


def _taught(task: str, rows: int) -> Callable[[Path], list[dict[str, Any]]]:
    return lambda folder: [_taught_source(folder, task, rows, WRONG_SHARE)]


def _taught_source(folder: Path, task: str, rows: int, wrong: float) -> dict[str, Any]:
    """A demo task's rows and what a teacher says of them, written to files."""
    taught = folder / f"{task}-{rows}-wrong-{100 * wrong:g}.jsonl"
    validation, test = (folder / f"{task}-{split}.jsonl" for split in ("validation", "test"))
    # Written anew each time, for generators change; what they make is the same, or an experiment tells that it is not.
    write_taught(taught, task, rows, wrong, _DATA_SEED)
    write_gold(validation, task, "validation", _VALIDATION_ROWS, _DATA_SEED)
    write_gold(test, task, "test", _TEST_ROWS, _DATA_SEED)
    return {
        "source": f"jsonl:{taught}",
        "task": task,
        "validation": str(validation),
        "validation_rows": _VALIDATION_ROWS,
        "test": str(test),
    }


_QUALITY_ROWS = 4000


def _quality_axes(folder: Path) -> dict[str, Any]:
    """Gold labels throughout; rationales of which none, a quarter or a half argue for another answer."""
    shares = (0.0, WRONG_SHARE, 0.5)
    teachers = {
        f"wrong-{100 * wrong:g}": {"data": [_taught_source(folder, "demo-math", _QUALITY_ROWS, wrong)]}
        for wrong in shares
    }
    return {
        "methods": {**_TWO, "step-by-step-agreeing": _OTHERS["step-by-step-agreeing"]},
        "teachers": teachers,
    }


_NOISY = {**_DEMO, "labels": "teacher"}

EXPERIMENTS: dict[str, Experiment] = {
    "esnli": Experiment("esnli", "esnli", _REAL, _release("esnli"), _axes(methods=_TWO, fractions=_PARTS)),
    "cqa": Experiment("cqa", "cqa", _REAL, _release("cqa"), _axes(methods=_TWO, fractions=_PARTS)),
    "svamp": Experiment("svamp", "svamp", _REAL, _release("svamp"), _axes(methods=_TWO, fractions=_PARTS)),
    "anli": Experiment("anli", "anli1", _REAL, _release("anli"), _axes(methods=_TWO)),
    "demo-nli": Experiment("demo-nli", None, _NOISY, _taught("demo-nli", 8_000), _axes(methods=_TWO, fractions=_PARTS)),
    "demo-choices": Experiment(
        "demo-choices", None, _NOISY, _taught("demo-choices", 8_000), _axes(methods=_TWO, fractions=_PARTS)
    ),
    "demo-math": Experiment(
        "demo-math", None, _NOISY, _taught("demo-math", 8_000), _axes(methods=_TWO, fractions=_PARTS)
    ),
    "esnli-methods": Experiment("esnli", "esnli", _REAL, _release("esnli"), _axes(methods=_OTHERS, seeds=[0])),
    "cqa-methods": Experiment("cqa", "cqa", _REAL, _release("cqa"), _axes(methods=_OTHERS, seeds=[0])),
    "svamp-methods": Experiment("svamp", "svamp", _REAL, _release("svamp"), _svamp_axes),
    "anli-methods": Experiment("anli", "anli1", _REAL, _release("anli"), _axes(methods=_OTHERS, seeds=[0])),
    "rationale-quality": Experiment("demo-math", None, _DEMO, lambda folder: [], _quality_axes),
}
