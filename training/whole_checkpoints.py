"""A trainer whose checkpoints are there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import Trainer
from transformers.trainer import TRAINER_STATE_NAME

from student.errors import CheckpointError
from training.processes import Processes
from training.timing import Stopwatch

UNFINISHED = "unfinished"
"""Folder of a run directory in which a checkpoint is written before it gets its place."""


class WholeCheckpointsTrainer(Trainer):  # type: ignore[misc]  # transformers is not typed for mypy here
    """Hugging Face's trainer, whose checkpoints get their place in one step, when all processes have written.

    Attributes:
        stopwatch: if given, counts the seconds that are noted in each checkpoint.
    """

    stopwatch: Stopwatch | None = None
    _saving = False
    _failed: Exception | None = None

    def write(self, work: Callable[[], object]) -> None:
        """Do what writes a part of a checkpoint, and nothing that processes do together.

        A failure is kept until all parts had their turn: between them the other processes gather weights, and would
        wait for this one. After it, no part is written.
        """
        if not self._saving:
            work()
        elif self._failed is None:
            try:
                work()
            except Exception as error:
                if not _is_of_a_writer(error):
                    raise
                self._failed = error

    def _get_output_dir(self, trial: Any) -> str:
        run = Path(super()._get_output_dir(trial))
        return str(run / UNFINISHED) if self._saving else str(run)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        run = Path(self._get_output_dir(trial))
        unfinished = run / UNFINISHED
        processes = Processes(self.args.world_size, self.args.process_index)
        processes.from_main(lambda: shutil.rmtree(unfinished, ignore_errors=True))
        name = f"checkpoint-{self.state.global_step}"
        then = f"the run goes on from its last whole checkpoint in {run}"

        def tell() -> None:
            with told_where_it_fails(run / name, then):
                if self._failed is not None:
                    raise self._failed

        def settle() -> None:
            with told_where_it_fails(run / name, then):
                self._settle_best(run, unfinished / name)
                shutil.rmtree(run / name, ignore_errors=True)
                (unfinished / name).rename(run / name)

        try:
            self._write_checkpoint(model, trial, unfinished / name)
            processes.together(tell)
            processes.from_main(settle)
        finally:
            # What is left of a checkpoint that failed would only fill the disk.
            if processes.is_main:
                shutil.rmtree(unfinished, ignore_errors=True)
        self._settle_best(run)
        if processes.is_main:
            self._rotate_checkpoints(output_dir=str(run))
        processes.wait()

    def _write_checkpoint(self, model: Any, trial: Any, folder: Path) -> None:
        self._saving, self._failed = True, None
        try:
            super()._save_checkpoint(model, trial)
            if self.args.should_save and self.stopwatch is not None:
                self.write(partial(self.stopwatch.note, folder))
        except OSError as error:
            # Of the trainer's state, which it writes last: all that processes do together is done.
            self._failed = self._failed or error
        finally:
            self._saving = False

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        self.write(partial(super()._save, output_dir, state_dict=state_dict))

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        self.write(partial(super()._save_optimizer_and_scheduler, output_dir))

    def _save_rng_state(self, output_dir: str) -> None:
        self.write(partial(super()._save_rng_state, output_dir))

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
    except Exception as error:
        if not _is_of_a_writer(error):
            raise
        raise CheckpointError(
            f"{place}: could not be written: {_reason(error)}; {_room(place)}. Make room or repair what it says, and "
            f"start the same command with --resume: {then}"
        ) from error


def _is_of_a_writer(error: Exception) -> bool:
    """Torch's writer raises RuntimeError itself; of its subclasses, devices out of memory and lost processes are."""
    return isinstance(error, OSError | SafetensorError) or _is_torchs(error)


def _reason(error: BaseException) -> str:
    """The system's, if it is among what led to the error; else what came first, which a writer's end may hide."""
    chain = [error]
    while (link := chain[-1].__cause__ or chain[-1].__context__) is not None and link not in chain:
        chain.append(link)
    first = next((link for link in chain if isinstance(link, OSError)), chain[-1])
    said = (str(first).splitlines() or [type(first).__name__])[0]
    # Of torch's writer, in words of C++ that say nothing of the disk.
    return f"torch's writer failed, as it does where there is no more room ({said})" if _is_torchs(first) else said


def _is_torchs(error: BaseException) -> bool:
    return type(error) is RuntimeError


def _room(place: Path) -> str:
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    return f"{shutil.disk_usage(existing).free / 1e9:,.2f} GB are free there"
