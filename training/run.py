"""`train`: from a recipe to a finished student in a run directory."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration, TrainingArguments, set_seed
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_callback import PrinterCallback, ProgressCallback, TrainerState
from transformers.trainer_utils import get_last_checkpoint

from student.errors import DataError, TaskError
from student.question import QuestionPreparer
from student.task import Task
from training.agreement import agree_on_directory, agree_on_start, agree_on_student
from training.checkpoint import STUDENT
from training.config import TrainConfig
from training.curves import plot_curves
from training.data.example import Example
from training.data.mixture import Cuts, Mixture, load_mixture
from training.fused import fuse, plain_class
from training.model import from_preset, from_pretrained, load_tokenizer
from training.objective import MultitaskCollator, MultitaskDataset, StepByStepTrainer
from training.preparation import PreparedData, prepare
from training.presets import PRESETS
from training.processes import ALONE, Processes, join_processes
from training.progress import TrainingProgress
from training.run_directory import (
    CURVES,
    DATA_REPORT,
    METRICS,
    check_output,
    check_rows,
    is_finished,
    keep_recipe,
    steps_of,
    take_best,
    write_json,
)
from training.saving import put_back, save_student
from training.scoring import student_for
from training.sharding import ShardedTrainer, shard, whole_student
from training.timing import Stopwatch
from training.tokenizer import texts_of, train_tokenizer
from training.trainer_arguments import check_start, training_arguments
from training.validation import Validation

_log = logging.getLogger(__name__)


def train(config: TrainConfig, output: Path, *, resume: bool = False, progress: bool = True) -> Path:
    """Train a student, alone or with the other processes that `torchrun` started.

    Args:
        config: the recipe.
        output: run directory; must be empty or absent unless `resume` is set. Machines share it.
        resume: go on from the last checkpoint in `output`; an interrupted run ends as an uninterrupted one.
        progress: show progress bars.

    Returns:
        The directory of the finished student.

    Raises:
        ConfigError: the recipe does not fit the number of processes, or a tracker is not installed.
        DataError: a dataset is missing or too much of it is unusable, or processes differ in what they train.
        CheckpointError: the model cannot be loaded, `output` does not fit `resume`, or it cannot be written.
    """
    processes = join_processes()
    agree_on_start(config, processes)
    processes.together(lambda: check_start(config, processes))
    if processes.from_main(lambda: _is_done(config, output, resume)):
        return output / STUDENT
    agree_on_directory(output, processes)
    if config.threads:
        torch.set_num_threads(config.threads)
    progress = progress and processes.is_main
    prepared, report = processes.together(lambda: _prepared(config, output if processes.is_main else None))
    processes.agree(_data_digest([*prepared.examples, *prepared.validation]), on="rows")
    checkpoint = processes.from_main(lambda: _resumed(output, prepared, resume))

    set_seed(config.seed)
    model, tokenizer = processes.together(lambda: _make_model(config, prepared, checkpoint, processes))
    agree_on_student(model, tokenizer, processes)
    fuse(model)
    if config.fsdp:
        shard(model, processes, bf16=config.bf16)
    dataset, held_out = processes.together(lambda: _token_rows(config, prepared, tokenizer, progress))
    cuts = {"training": _told(dataset, "training"), "validation": _told(held_out, "validation")}
    found = {**report, **prepared.as_dict(), "cut": cuts}
    processes.from_main(lambda: write_json(output / DATA_REPORT, found))
    processes.from_main(lambda: keep_recipe(output, config))

    validate = _validation(config, prepared, tokenizer, held_out, processes)
    trainer = _trainer(
        config, training_arguments(config, output, processes, progress=progress), model, dataset, validate
    )
    trainer.add_callback(TrainingProgress(bar=progress))
    trainer.stopwatch = stopwatch = processes.together(
        lambda: Stopwatch(Path(checkpoint) if checkpoint is not None else None)
    )
    if processes.index:
        # Each process draws its own dropout; the trainer has just seeded them alike.
        set_seed(config.seed + processes.index)
    _take_steps(trainer, config, checkpoint)
    _finish(config, output, processes, prepared, trainer, validate, cuts["training"], stopwatch)
    return output / STUDENT


def _finish(
    config: TrainConfig,
    output: Path,
    processes: Processes,
    prepared: PreparedData,
    trainer: StepByStepTrainer,
    validate: Validation,
    cut: list[dict[str, Any]],
    stopwatch: Stopwatch,
) -> None:
    """Take the best student, measure it and give it its place, with what it came to."""
    model = trainer.model
    processes.together(lambda: take_best(model, output, trainer.state))
    metrics = validate(model)
    record = {
        "config": config.model_dump(mode="json"),
        "data": {
            "digest": _data_digest(prepared.examples),
            "training_rows": len(prepared.examples),
            "validation_rows": len(prepared.validation),
            "cut": cut,
        },
        "metrics": metrics,
        "steps": trainer.state.global_step,
        "best_step": trainer.state.best_global_step,
        "train_seconds": round(stopwatch.seconds, 1),
    }
    student = whole_student(model, processes) if config.fsdp else model

    def keep() -> None:
        write_json(output / METRICS, metrics)
        plot_curves(trainer.state.log_history, output / CURVES)
        plain_class(student)
        save_student(output, student, validate.tokenizer, prepared.tasks, prepared.validation, record)

    processes.from_main(keep)


def _is_done(config: TrainConfig, output: Path, resume: bool) -> bool:
    """Whether nothing is left to do; makes the run directory where something is."""
    check_output(config, output, resume)
    if resume:
        put_back(output)
    if resume and is_finished(config, output):
        _log.info("%s: all %d steps are done; nothing to resume", output, config.steps)
        return True
    output.mkdir(parents=True, exist_ok=True)
    return False


def _prepared(config: TrainConfig, output: Path | None) -> tuple[PreparedData, dict[str, Any]]:
    """What a run trains and validates on, and the report on its sources, which is kept in `output`."""
    tasks, examples, validation, report = _load_data(config, output)
    prepared = prepare(config, tasks, examples, validation)
    _log.info("%s", prepared.as_text())
    return prepared, report


def _load_data(
    config: TrainConfig, output: Path | None
) -> tuple[dict[str, Task], list[Example], list[Example], dict[str, Any]]:
    """Tasks by name, training rows, validation rows, and the report on all sources."""

    def tell(found: Mixture) -> None:
        if output is not None:
            write_json(output / DATA_REPORT, found.as_dict())

    mixture = load_mixture(config.data, Cuts.of(config), tell=tell)
    mixture.check_validation()
    return mixture.tasks, mixture.training, mixture.validation, mixture.as_dict()


def _resumed(output: Path, prepared: PreparedData, resume: bool) -> str | None:
    """The checkpoint to go on from."""
    check_rows(output, _data_digest([*prepared.examples, *prepared.validation]), resume)
    checkpoint: str | None = get_last_checkpoint(str(output)) if resume else None
    if resume and checkpoint is None:
        _log.info("%s: holds no checkpoint yet; starting from the first step", output)
    return checkpoint


def _token_rows(
    config: TrainConfig, prepared: PreparedData, tokenizer: PreTrainedTokenizerBase, progress: bool
) -> tuple[MultitaskDataset, MultitaskDataset]:
    """Rows to learn and rows held out, in tokens."""
    _check_labels(prepared.examples, prepared.tasks, tokenizer)
    _check_label_sets(prepared.tasks, tokenizer)
    learnt = {
        "rationales": config.rationale_weight > 0,
        "rationale_first": config.taught_by.writes_rationale_first,
    }
    dataset = MultitaskDataset(prepared.examples, prepared.tasks, tokenizer, progress=progress, **learnt)
    return dataset, MultitaskDataset(prepared.held_out, prepared.tasks, tokenizer, **learnt)


def _validation(
    config: TrainConfig,
    prepared: PreparedData,
    tokenizer: PreTrainedTokenizerBase,
    held_out: MultitaskDataset,
    processes: Processes,
) -> Validation:
    return Validation(
        answering=student_for(config.taught_by),
        tokenizer=tokenizer,
        tasks=prepared.tasks,
        asked=prepared.validation,
        held_out=held_out,
        collate=MultitaskCollator(tokenizer.pad_token_id),
        rationale_weight=config.rationale_weight,
        # Processes that share a model make the same calls of it; those that have one each share the rows.
        processes=ALONE if config.fsdp else processes,
    )


def _trainer(
    config: TrainConfig,
    arguments: TrainingArguments,
    model: T5ForConditionalGeneration,
    dataset: MultitaskDataset,
    validate: Validation,
) -> StepByStepTrainer:
    kind = ShardedTrainer if config.fsdp else StepByStepTrainer
    trainer = kind(
        model=model,
        args=arguments,
        train_dataset=dataset,
        eval_dataset=validate.held_out,
        data_collator=validate.collate,
        processing_class=validate.tokenizer,
        rationale_weight=config.rationale_weight,
        optimizer_name=config.optimizer,
        embedding_rate_factor=config.embedding_rate_factor,
        group_by=dataset.token_counts() if config.group_by_length else None,
        validate=validate,
    )
    for shown_by_default in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(shown_by_default)
    return trainer


def _take_steps(trainer: StepByStepTrainer, config: TrainConfig, checkpoint: str | None) -> None:
    """The steps that are left after a checkpoint."""
    if checkpoint is None or steps_of(Path(checkpoint)) < config.steps:
        trainer.train(resume_from_checkpoint=checkpoint)
    else:
        # Interrupted after its last step: the trainer would take one more.
        trainer.state = TrainerState.load_from_json(str(Path(checkpoint) / TRAINER_STATE_NAME))


def _told(dataset: MultitaskDataset, part: str) -> list[dict[str, Any]]:
    """What was cut of a part of the rows, each kind told in a line of the log."""
    for (task, key), cut in sorted(dataset.cuts.items()):
        then = "; the server would refuse such a question" if key == "source_tokens" else ""
        _log.warning(
            "%s: %d of %d %s rows are longer than limits.%s (%d; the longest, %s, has %d) and are cut%s. Raise the "
            "limit in the task's YAML, or leave the rows out",
            *(task, cut.rows, len(dataset), part, key, cut.limit, cut.longest_row, cut.longest, then),
        )
    return [{"task": task, "of": key, **asdict(cut)} for (task, key), cut in sorted(dataset.cuts.items())]


def _make_model(
    config: TrainConfig, prepared: PreparedData, checkpoint: str | None, processes: Processes
) -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase]:
    if config.preset is not None:
        # One process makes it for all: what a tokenizer learns from equally frequent pieces is not settled.
        tokenizer = processes.from_main(lambda: _own_tokenizer(config, prepared, checkpoint))
        return from_preset(config.preset, tokenizer, config.dropout_rate or 0.0), tokenizer
    assert config.pretrained is not None  # TrainConfig takes exactly one of the two
    return from_pretrained(config.pretrained, config.dropout_rate)


def _own_tokenizer(config: TrainConfig, prepared: PreparedData, checkpoint: str | None) -> PreTrainedTokenizerBase:
    """The recipe's tokenizer or one for these rows; that of the checkpoint to resume from, as its weights want."""
    if checkpoint is not None:
        return load_tokenizer(checkpoint)
    if config.tokenizer is not None:
        return load_tokenizer(config.tokenizer)
    texts = list(texts_of(prepared.tasks, prepared.examples))
    if not texts:
        raise DataError("no texts to train a tokenizer on: the training split is empty")
    assert config.preset is not None  # only a student from scratch gets a tokenizer of its own
    return train_tokenizer(texts, PRESETS[config.preset].vocab_size)


def _check_labels(examples: Sequence[Example], tasks: dict[str, Task], tokenizer: PreTrainedTokenizerBase) -> None:
    """A label is learnt whole or not at all: one that is cut would teach a wrong answer."""
    labels = tokenizer([row.label for row in examples]).input_ids
    too_long = [
        row.source for row, ids in zip(examples, labels, strict=True) if len(ids) > tasks[row.task].limits.label_tokens
    ]
    if too_long:
        raise DataError(
            f"{len(too_long)} labels are longer than their task's limits.label_tokens, first {too_long[0]}; "
            "raise the limit in the task's YAML or leave the rows out"
        )


def _check_label_sets(tasks: dict[str, Task], tokenizer: PreTrainedTokenizerBase) -> None:
    """The answers of closed tasks must form a trie: better said now than by the export after hours of training."""
    try:
        QuestionPreparer(tasks, tokenizer.backend_tokenizer, tokenizer.pad_token_id)
    except TaskError as error:
        raise DataError(f"{error}; reword the labels in the task's YAML or raise its limits.label_tokens") from None


def _data_digest(examples: Iterable[Example]) -> str:
    digest = hashlib.sha256()
    for row in examples:
        content = [row.task, dict(row.inputs), list(row.choices), row.label, row.rationale]
        digest.update(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return f"sha256:{digest.hexdigest()}"
