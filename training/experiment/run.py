"""Training and measuring the runs of an experiment, each in a directory of its own, so that nothing is done twice.

<output>/runs/<name>/              a run directory as `quickstep train` makes it, without the trainer's checkpoints
<output>/runs/<name>/result.json   what it came to, written last: a run that has one is done
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from student.errors import DataError, QuickstepError
from training.checkpoint import STUDENT, Checkpoint, load_checkpoint
from training.config import TrainConfig
from training.data.example import Example
from training.data.mixture import Cuts, open_entry
from training.data.sources import Source, is_generated
from training.evaluate import answer_all
from training.experiment.plan import Plan, Run
from training.methods import method_of
from training.run import train
from training.run_directory import resolved, write_json
from training.scoring import student_for
from training.validation_rows import read_rows

RUNS = "runs"
RESULT = "result.json"

_log = logging.getLogger(__name__)


class ExperimentError(QuickstepError):
    """An experiment's directory does not fit it, or none of its runs could be trained."""


@dataclass(frozen=True)
class Measured:
    """How often a run's student is right on one task of one split.

    Attributes:
        split: `validation` or `test`.
        rows: answered; those that are none for the method are not asked.
    """

    task: str
    split: str
    rows: int
    accuracy: float


@dataclass(frozen=True)
class RunResult:
    """What became of a run.

    Attributes:
        reason: why there is no student, such as a teacher without outputs; None where there is one.
        parameters: of the student.
        training_rows: that it learned from.
    """

    run: Run
    reason: str | None = None
    measured: tuple[Measured, ...] = ()
    parameters: int = 0
    training_rows: int = 0
    train_seconds: float = 0.0


def run_all(
    plan: Plan, output: Path, *, test: bool = False, keep_checkpoints: bool = False, progress: bool = True
) -> list[RunResult]:
    """Train every run that is not done and measure it.

    A run whose data do not fit its method (no rationales, no teacher) gives no student: its cells read n/a, with the
    reason, and it is tried again the next time.

    Args:
        plan: the experiment.
        output: directory; what is there of the same experiment is not done again.
        test: also answer the test split of every source, once a run.
        keep_checkpoints: leave the trainer's own checkpoints, which hold the optimiser's state.
        progress: show a bar over runs.

    Raises:
        ExperimentError: a run's directory was made by another recipe, or `test` is asked for and no source has one.
        CheckpointError: a run's directory is broken.
    """
    if test:
        _check_test(plan)
    results = []
    with tqdm(plan.runs, desc="experiment", unit="run", disable=not progress) as bar, logging_redirect_tqdm():
        for run in bar:
            bar.set_postfix_str(run.name)
            folder = output / RUNS / run.name
            result = _stored(run, folder)
            if result is None:
                result = _train(run, folder, keep_checkpoints)
            if test and result.reason is None and not any(one.split == "test" for one in result.measured):
                result = _tested(result, folder)
            _log.info("%s: %s", run.name, _told(result))
            results.append(result)
    return results


def _check_test(plan: Plan) -> None:
    """Refuse to test where nothing can be: told now, not after hours of training."""
    entries = {entry.source: (entry, run) for run in plan.runs for entry in run.config.data}
    asked = ((entry.model_copy(update={"labels": "gold"}), run) for entry, run in entries.values())
    if not any(has_test(open_entry(entry, Cuts.of(run.config))) for entry, run in asked):
        raise ExperimentError(
            f"--test: none of {', '.join(entries)} has test rows of its own; a file of one's own is trained on whole. "
            "Leave --test out: results are then of the validation rows"
        )


def _stored(run: Run, folder: Path) -> RunResult | None:
    path = folder / RESULT
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("recipe_digest") != _digest(run.config):
            raise ExperimentError(
                f"{folder}: was made by another recipe; give --output a new place, or remove that directory"
            )
        measured = tuple(Measured(**one) for one in content.pop("measured"))
        return RunResult(run, measured=measured, **content)
    except (ValueError, KeyError, TypeError) as error:
        raise ExperimentError(f"{path}: is broken ({error}); remove {folder} to run it again") from None


def _store(result: RunResult, folder: Path) -> None:
    content = {key: value for key, value in asdict(result).items() if key not in ("run", "reason")}
    # In one step: a result is there whole or not at all.
    part = folder / f"{RESULT}.part"
    write_json(part, {"recipe_digest": _digest(result.run.config), **content})
    part.rename(folder / RESULT)


def _train(run: Run, folder: Path, keep_checkpoints: bool) -> RunResult:
    started_before = (folder / "recipe.yaml").is_file()
    try:
        with _said_once_a_run():
            student = train(run.config, folder, resume=started_before, progress=False)
    except DataError as error:
        return RunResult(run, reason=str(error))
    checkpoint = load_checkpoint(student)
    record = checkpoint.record
    result = RunResult(
        run,
        measured=tuple(_measure(checkpoint, read_rows(student), "validation")),
        parameters=checkpoint.model.num_parameters(),
        training_rows=record["data"]["training_rows"],
        train_seconds=record["train_seconds"],
    )
    _store(result, folder)
    if not keep_checkpoints:
        for trainers in folder.glob("checkpoint-*"):
            shutil.rmtree(trainers)
    return result


@contextmanager
def _said_once_a_run() -> Iterator[None]:
    """Keep back what training says of its data: every run would say it again, and its data.json has it."""
    loggers = [logging.getLogger(name) for name in ("training.data", "training.run")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _tested(result: RunResult, folder: Path) -> RunResult:
    checkpoint = load_checkpoint(folder / STUDENT)
    method = method_of(checkpoint.record)
    rows = []
    for entry in result.run.config.data:
        source = open_entry(entry, Cuts.of(result.run.config))
        if has_test(source):
            prepared = [method.row_for(source.task, row) for row in source.load("test").examples]
            rows += [row for row in prepared if isinstance(row, Example)]
    measured = (*result.measured, *_measure(checkpoint, rows, "test"))
    tested = RunResult(**{**vars(result), "measured": measured})
    _store(tested, folder)
    return tested


def _measure(checkpoint: Checkpoint, rows: list[Example], split: str) -> Iterator[Measured]:
    student = student_for(method_of(checkpoint.record))(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    right: dict[str, list[bool]] = defaultdict(list)
    for outcome in answer_all(student, rows, progress=False):
        right[outcome.example.task].append(outcome.correct)
    for task, answered in right.items():
        yield Measured(task, split, len(answered), sum(answered) / len(answered))


def has_test(source: Source) -> bool:
    """Whether a source has test rows apart from those that are trained on; of one's own files test is the whole."""
    return source.has_test or is_generated(source.kind)


def _told(result: RunResult) -> str:
    if result.reason is not None:
        return f"n/a: {result.reason}"
    return ", ".join(f"{one.task} {one.split} {one.accuracy:.1%}" for one in result.measured)


def _digest(config: TrainConfig) -> str:
    return "sha256:" + hashlib.sha256(resolved(config).encode()).hexdigest()


def experiment_rows(results: Sequence[RunResult]) -> list[dict[str, Any]]:
    """One row for each run, task and split, as results are written; accuracy null where there is no student."""
    rows = []
    for result in results:
        run = result.run
        start = {**asdict(run.cell), "seed": run.seed}
        if result.reason is not None:
            rows.append({**start, "task": None, "split": None, "rows": 0, "accuracy": None, "reason": result.reason})
        for one in result.measured:
            rows.append(
                {
                    **start,
                    **asdict(one),
                    "parameters": result.parameters,
                    "training_rows": result.training_rows,
                    "train_seconds": result.train_seconds,
                }
            )
    return rows
