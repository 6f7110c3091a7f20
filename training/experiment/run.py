"""Training and measuring the runs of an experiment, each in a directory of its own, so that nothing is done twice.

<output>/runs/<name>/              a run directory as `quickstep train` makes it, without the trainer's checkpoints
<output>/runs/<name>/result.json   what it came to, written last: a run that has one is done
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from student.errors import QuickstepError, UnfitData
from training.checkpoint import STUDENT, Checkpoint, load_checkpoint
from training.config import SourceConfig, TrainConfig
from training.data.example import Example
from training.data.report import UnusableRows
from training.evaluation.answering import answer_all
from training.experiment.logs import said_once_a_run
from training.experiment.plan import Plan, Run
from training.experiment.sources import any_test, check_sources, data_digest, load_test, load_validation
from training.experiment.tokenizers import share_tokenizers, with_tokenizer
from training.launch import read_launch
from training.methods import method_of
from training.run import train
from training.run_directory import write_json
from training.scoring import student_for

RUNS = "runs"
RESULT = "result.json"

_HOW_STEPS_ARE_TAKEN = {"gradient_accumulation", "gradient_checkpointing", "fsdp", "trackers"}
"""Keys of a recipe that leave its steps as they are, within rounding."""

_log = logging.getLogger(__name__)


class ExperimentError(QuickstepError):
    """An experiment's directory does not fit it, or none of its runs could be trained."""


@dataclass(frozen=True)
class Measured:
    """How often a run's student is right on one task of one split.

    Attributes:
        split: `validation` or `test`.
        rows: of the split.
        answered: of them; a `rationale-given` student cannot be asked where the teacher gave no reasoning.
        accuracy: right ones of all rows.
    """

    task: str
    split: str
    rows: int
    answered: int
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
        ExperimentError: a run's directory was made by another recipe, `test` is asked for and no source has one, or
            several processes were started.
        CheckpointError: a run's directory is broken.
    """
    if read_launch().count > 1:
        raise ExperimentError("an experiment is run by one process; start it without torchrun")
    if test and not any_test(plan):
        raise ExperimentError(
            "--test: no source has test rows of its own. Give your own files some (test: <file>), or leave --test out: "
            "results are then of the validation rows"
        )
    with said_once_a_run():
        check_sources(plan)
    tokenizers = share_tokenizers(plan, output)
    results = []
    with tqdm(plan.runs, desc="experiment", unit="run", disable=not progress) as bar, logging_redirect_tqdm():
        for run in bar:
            bar.set_postfix_str(run.name)
            folder = output / RUNS / run.name
            result = _stored(run, folder)
            if result is None:
                result = _train(run, with_tokenizer(run.config, tokenizers), folder, keep_checkpoints)
            if test and result.reason is None and not any(one.split == "test" for one in result.measured):
                result = _tested(result, folder)
            _log.info("%s: %s", run.name, _told(result))
            results.append(result)
    return results


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
        if content.pop("data_digest") != data_digest(run.config):
            raise ExperimentError(
                f"{folder}: was trained on other data, its files have changed since; give --output a new place, or "
                "remove that directory"
            )
        measured = tuple(Measured(**one) for one in content.pop("measured"))
        return RunResult(run, measured=measured, **content)
    except (ValueError, KeyError, TypeError) as error:
        raise ExperimentError(f"{path}: is broken ({error}); remove {folder} to run it again") from None


def _store(result: RunResult, folder: Path) -> None:
    content = {key: value for key, value in asdict(result).items() if key not in ("run", "reason")}
    config = result.run.config
    write_json(folder / RESULT, {"recipe_digest": _digest(config), "data_digest": data_digest(config), **content})


def _train(run: Run, config: TrainConfig, folder: Path, keep_checkpoints: bool) -> RunResult:
    started_before = (folder / "recipe.yaml").is_file()
    try:
        with said_once_a_run():
            student = train(config, folder, resume=started_before, progress=False)
    except (UnfitData, UnusableRows) as error:
        return RunResult(run, reason=str(error))
    checkpoint = load_checkpoint(student)
    record = checkpoint.record
    result = RunResult(
        run,
        measured=tuple(_measure(checkpoint, _all_rows(config, load_validation), "validation")),
        parameters=checkpoint.model.num_parameters(),
        training_rows=record["data"]["training_rows"],
        train_seconds=record["train_seconds"],
    )
    _store(result, folder)
    if not keep_checkpoints:
        for trainers in folder.glob("checkpoint-*"):
            shutil.rmtree(trainers)
    return result


def _tested(result: RunResult, folder: Path) -> RunResult:
    rows = _all_rows(result.run.config, load_test)
    measured = (*result.measured, *_measure(load_checkpoint(folder / STUDENT), rows, "test"))
    tested = replace(result, measured=measured)
    _store(tested, folder)
    return tested


def _all_rows(config: TrainConfig, load: Callable[[SourceConfig, TrainConfig], list[Example]]) -> list[Example]:
    return [row for entry in config.data for row in load(entry, config)]


def _measure(checkpoint: Checkpoint, rows: Sequence[Example], split: str) -> Iterator[Measured]:
    """Accuracy by task; a row that the student cannot be asked is not answered, which is wrong."""
    method = method_of(checkpoint.record)
    student = student_for(method)(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    plain = {name: method.plain_task(task) for name, task in checkpoint.tasks.items()}
    asked = [method.row_to_ask(plain[row.task], row) for row in rows]
    outcomes = answer_all(student, [row for row in asked if isinstance(row, Example)], progress=False)
    right = Counter(outcome.example.task for outcome in outcomes if outcome.correct)
    answered = Counter(outcome.example.task for outcome in outcomes)
    for task, count in Counter(row.task for row in rows).items():
        yield Measured(task, split, count, answered[task], right[task] / count)


def _told(result: RunResult) -> str:
    if result.reason is not None:
        return f"n/a: {result.reason}"
    return ", ".join(f"{one.task} {one.split} {one.accuracy:.1%}" for one in result.measured)


def _digest(config: TrainConfig) -> str:
    """Of what decides a run's outcome: how its steps are taken is not part of it."""
    content = config.model_dump(mode="json", exclude=_HOW_STEPS_ARE_TAKEN)
    return "sha256:" + hashlib.sha256(yaml.safe_dump(content, sort_keys=False).encode()).hexdigest()


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
