"""A trainer whose checkpoints are there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import Trainer
from transformers.trainer import TRAINER_STATE_NAME

from student.errors import CheckpointError

UNFINISHED = "unfinished"
"""Folder of a run directory in which a checkpoint is written before it gets its place."""


class WholeCheckpointsTrainer(Trainer):  # type: ignore[misc]  # transformers is not typed for mypy here
    """Hugging Face's trainer, whose checkpoints get their place in one step, when all processes have written."""

    _saving = False

    def _get_output_dir(self, trial: Any) -> str:
        run = Path(super()._get_output_dir(trial))
        return str(run / UNFINISHED) if self._saving else str(run)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        run = Path(self._get_output_dir(trial))
        unfinished = run / UNFINISHED
        if self.args.should_save:
            shutil.rmtree(unfinished, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        name = f"checkpoint-{self.state.global_step}"
        then = f"the run goes on from its last whole checkpoint in {run}"
        try:
            with told_where_it_fails(run / name, then):
                self._write_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            with told_where_it_fails(run / name, then):
                if self.args.should_save:
                    self._settle_best(run, unfinished / name)
                    shutil.rmtree(run / name, ignore_errors=True)
                    (unfinished / name).rename(run / name)
        finally:
            # What is left of a checkpoint that failed would only fill the disk.
            if self.args.should_save:
                shutil.rmtree(unfinished, ignore_errors=True)
        self._settle_best(run)
        if self.args.should_save:
            self._rotate_checkpoints(output_dir=str(run))
        self.accelerator.wait_for_everyone()

    def _write_checkpoint(self, model: Any, trial: Any) -> None:
        self._saving = True
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self._saving = False

    def _settle_best(self, run: Path, written: Path | None = None) -> None:
        """Name the best checkpoint by the place that it gets, also in the state that was written."""
        if self.state.best_model_checkpoint is not None:
            self.state.best_model_checkpoint = str(run / Path(self.state.best_model_checkpoint).name)
            if written is not None:
                self.state.save_to_json(str(written / TRAINER_STATE_NAME))


@contextmanager
def told_where_it_fails(place: Path, then: str) -> Iterator[None]:
    """Turn what writers raise (a full disk, mostly) into one line.

    Args:
        place: that is written to.
        then: what stands all the same.

    Raises:
        CheckpointError: saying where, why, how much room there is, and how to go on.
    """
    try:
        yield
    # torch's writer raises RuntimeError, safetensors' an exception of its own.
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{place}: could not be written: {reason}; {_room(place)}. Make room or repair what it says, and start the "
            f"same command with --resume: {then}"
        ) from error


def _room(place: Path) -> str:
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    return f"{shutil.disk_usage(existing).free / 1e9:,.2f} GB are free there"
