"""Training as a stage of a benchmark: into a run directory of its own, gone on with where it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import shown
from student.errors import QuickstepError
from training.checkpoint import RECORD, STUDENT, load_checkpoint
from training.config import TrainConfig

_TOLD = ("preset", "steps", "batch_size", "learning_rate", "rationale_weight", "bf16", "seed")


class RunTaken(QuickstepError):
    """The run directory holds a finished student."""


@dataclass(frozen=True)
class Trained:
    """A finished student.

    Attributes:
        run: its run directory.
        seconds: of the training in this call; for a run trained earlier, what its record says.
        how: `trained`, `resumed` (the seconds are those of the last part) or `earlier`.
        settings: what results tell of the training, from the run's own record: no paths.
    """

    run: Path
    seconds: float
    how: str
    settings: Mapping[str, object]


def train_into(config: TrainConfig, run: Path) -> Trained:
    """Train, or go on with an interrupted run of the same recipe.

    Raises:
        RunTaken: `run` is finished already.
        CheckpointError: `run` was started with another recipe, or is something else.
    """
    if (run / STUDENT / RECORD).is_file():
        raise RunTaken(
            f"{shown(run)}: is a finished run; measure it with --from-run {shown(run)}, or remove it to train again"
        )
    resume = (run / "recipe.yaml").is_file()
    from training.run import train

    started = time.perf_counter()
    train(config, run, resume=resume)
    return _read(run, time.perf_counter() - started, "resumed" if resume else "trained")


def trained_earlier(run: Path) -> Trained:
    """A run that is finished.

    Raises:
        CheckpointError: it is not.
    """
    return _read(run, None, "earlier")


def _read(run: Path, seconds: float | None, how: str) -> Trained:
    checkpoint = load_checkpoint(run)
    record = checkpoint.record
    folder = checkpoint.path.parent if checkpoint.path.name == STUDENT else checkpoint.path
    taken = float(record["train_seconds"]) if seconds is None else seconds
    settings = {
        "trained": how,
        "train_seconds": round(taken, 1),
        "training_rows": record["data"]["training_rows"],
        "best_step": record["best_step"],
        **{key: record["config"][key] for key in _TOLD},
    }
    return Trained(folder, round(taken, 1), how, settings)
