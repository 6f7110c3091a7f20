"""`train`: from a recipe to a finished student in a run directory."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
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
from training.checkpoint import STUDENT, save_checkpoint
from training.config import TrainConfig
from training.curves import plot_curves
from training.data.example import Example
from training.data.mixture import Cuts, load_mixture
from training.evaluation.answering import answer_all, batched
from training.evaluation.groups import summarise
from training.fused import fuse, plain_class
from training.model import from_preset, from_pretrained, load_tokenizer
from training.objective import MultitaskCollator, MultitaskDataset, StepByStepTrainer
from training.preparation import prepare
from training.presets import PRESETS
from training.progress import TrainingProgress
from training.run_directory import (
    CURVES,
    DATA_REPORT,
    METRICS,
    RECIPE,
    check_output,
    check_rows,
    is_finished,
    resolved,
    steps_of,
    take_best,
    write_json,
)
from training.scoring import student_for
from training.timing import Stopwatch
from training.tokenizer import texts_of, train_tokenizer
from training.validation_rows import write_rows

_log = logging.getLogger(__name__)


def train(config: TrainConfig, output: Path, *, resume: bool = False, progress: bool = True) -> Path:
    """Train a student.

    Args:
        config: the recipe.
        output: run directory; must be empty or absent unless `resume` is set.
        resume: go on from the last checkpoint in `output`; an interrupted run ends as an uninterrupted one.
        progress: show progress bars.

    Returns:
        The directory of the finished student.

    Raises:
        DataError: a dataset is missing or too much of it is unusable.
        CheckpointError: the model cannot be loaded, or `output` does not fit `resume`.
    """
    check_output(config, output, resume)
    if resume and is_finished(config, output):
        _log.info("%s: all %d steps are done; nothing to resume", output, config.steps)
        return output / STUDENT
    if config.threads:
        torch.set_num_threads(config.threads)
    output.mkdir(parents=True, exist_ok=True)
    tasks, examples, validation, report = _load_data(config, output)
    prepared = prepare(config, tasks, examples, validation)
    tasks, examples, validation = prepared.tasks, prepared.examples, prepared.validation
    _log.info("%s", prepared.as_text())

    digest = _data_digest(examples)
    check_rows(output, _data_digest([*examples, *validation]), resume)

    set_seed(config.seed)
    checkpoint = get_last_checkpoint(str(output)) if resume else None
    if resume and checkpoint is None:
        _log.info("%s: holds no checkpoint yet; starting from the first step", output)
    model, tokenizer = _make_model(config, tasks, examples, checkpoint)
    fuse(model)
    _check_labels(examples, tasks, tokenizer)
    _check_label_sets(tasks, tokenizer)
    learnt = {
        "rationales": config.rationale_weight > 0,
        "rationale_first": config.taught_by.writes_rationale_first,
    }
    dataset = MultitaskDataset(examples, tasks, tokenizer, progress=progress, **learnt)
    held_out = MultitaskDataset(prepared.held_out, tasks, tokenizer, **learnt)
    cuts = {"training": _told(dataset, "training"), "validation": _told(held_out, "validation")}
    write_json(output / DATA_REPORT, {**report, **prepared.as_dict(), "cut": cuts})
    (output / RECIPE).write_text(resolved(config), encoding="utf-8")
    collator = MultitaskCollator(tokenizer.pad_token_id)

    def validate(current: T5ForConditionalGeneration) -> dict[str, float]:
        return _validate(current, tokenizer, tasks, validation, held_out, collator, config)

    trainer = StepByStepTrainer(
        model=model,
        args=_training_arguments(config, output, progress),
        train_dataset=dataset,
        eval_dataset=held_out,
        data_collator=collator,
        processing_class=tokenizer,
        rationale_weight=config.rationale_weight,
        optimizer_name=config.optimizer,
        embedding_rate_factor=config.embedding_rate_factor,
        group_by=dataset.token_counts() if config.group_by_length else None,
        validate=validate,
    )
    for shown_by_default in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(shown_by_default)
    trainer.add_callback(TrainingProgress(bar=progress))
    stopwatch = Stopwatch(Path(checkpoint) if checkpoint is not None else None)
    trainer.add_callback(stopwatch)
    if checkpoint is None or steps_of(Path(checkpoint)) < config.steps:
        with warnings.catch_warnings():
            # Of checkpoints within a second, as tiny students have them; the numbers in their names decide.
            warnings.filterwarnings("ignore", message="mtime may not be reliable", category=UserWarning)
            trainer.train(resume_from_checkpoint=checkpoint)
    else:
        # Interrupted after its last step: the trainer would take one more.
        trainer.state = TrainerState.load_from_json(str(Path(checkpoint) / TRAINER_STATE_NAME))
    take_best(model, output, trainer.state)
    metrics = validate(model)
    record = {
        "config": config.model_dump(mode="json"),
        "data": {
            "digest": digest,
            "training_rows": len(examples),
            "validation_rows": len(validation),
            "cut": cuts["training"],
        },
        "metrics": metrics,
        "steps": trainer.state.global_step,
        "best_step": trainer.state.best_global_step,
        "train_seconds": round(stopwatch.seconds, 1),
    }
    write_json(output / METRICS, record["metrics"])
    plot_curves(trainer.state.log_history, output / CURVES)
    # A student of an earlier end of this run makes room only now: an interrupted resume must not cost it.
    shutil.rmtree(output / STUDENT, ignore_errors=True)
    (output / STUDENT).mkdir()
    write_rows(output / STUDENT, validation)
    plain_class(model)
    save_checkpoint(output / STUDENT, model, tokenizer, tasks, record)
    return output / STUDENT


def _load_data(
    config: TrainConfig, output: Path
) -> tuple[dict[str, Task], list[Example], list[Example], dict[str, Any]]:
    """Tasks by name, training rows, validation rows, and the report on all sources."""
    mixture = load_mixture(
        config.data, Cuts.of(config), tell=lambda found: write_json(output / DATA_REPORT, found.as_dict())
    )
    mixture.check_validation()
    return mixture.tasks, mixture.training, mixture.validation, mixture.as_dict()


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
    config: TrainConfig, tasks: dict[str, Task], examples: Sequence[Example], checkpoint: str | None
) -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase]:
    if config.preset is not None:
        tokenizer = _own_tokenizer(config.preset, config.tokenizer, tasks, examples, checkpoint)
        return from_preset(config.preset, tokenizer, config.dropout_rate or 0.0), tokenizer
    assert config.pretrained is not None  # TrainConfig takes exactly one of the two
    return from_pretrained(config.pretrained, config.dropout_rate)


def _own_tokenizer(
    preset: str,
    tokenizer_name: str | None,
    tasks: dict[str, Task],
    examples: Sequence[Example],
    checkpoint: str | None,
) -> PreTrainedTokenizerBase:
    """The recipe's tokenizer or one for these rows; that of the checkpoint to resume from, as its weights want."""
    if checkpoint is not None:
        return load_tokenizer(checkpoint)
    if tokenizer_name is not None:
        return load_tokenizer(tokenizer_name)
    texts = list(texts_of(tasks, examples))
    if not texts:
        raise DataError("no texts to train a tokenizer on: the training split is empty")
    return train_tokenizer(texts, PRESETS[preset].vocab_size)


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


def _training_arguments(config: TrainConfig, output: Path, progress: bool) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(output),
        logging_dir=str(output / "logs"),
        max_steps=config.steps,
        per_device_train_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        adam_beta2=config.adam_beta2,
        warmup_steps=config.warmup,
        lr_scheduler_type="cosine",
        bf16=config.bf16,
        use_cpu=not torch.accelerator.is_available(),
        eval_strategy="steps",
        eval_steps=config.validate_every,
        save_strategy="steps",
        save_steps=config.validate_every,
        save_total_limit=2,
        metric_for_best_model="score",
        greater_is_better=True,
        logging_steps=max(1, min(50, config.steps // 20)),
        report_to=["tensorboard"],
        disable_tqdm=not progress,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.accelerator.is_available(),
        seed=config.seed,
        data_seed=config.seed,
    )


def _validate(
    model: T5ForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    tasks: dict[str, Task],
    examples: Sequence[Example],
    dataset: MultitaskDataset,
    collator: Callable[[Sequence[Any]], dict[str, torch.Tensor]],
    config: TrainConfig,
) -> dict[str, float]:
    """Accuracy by task, their mean, the multitask loss, and the score by which the best student is kept."""
    training = model.training
    student = student_for(config.taught_by)(model, tokenizer, tasks)
    summary = summarise(answer_all(student, examples, progress=False))
    metrics = {f"accuracy_{name}": float(figures["accuracy"]) for name, figures in summary.items()}
    accuracy = sum(metrics.values()) / len(metrics)
    losses = []
    with torch.inference_mode():
        for indices in batched(range(len(dataset)), 64):
            batch = {k: v.to(model.device) for k, v in collator([dataset[i] for i in indices]).items()}
            losses.append(float(StepByStepTrainer.multitask_loss(model, batch, config.rationale_weight)[0]))
    loss = sum(losses) / len(losses)
    model.train(training)
    # Accuracy decides; the loss breaks ties, so that a saturated student's rationales go on improving.
    return {**metrics, "accuracy": accuracy, "loss": loss, "score": accuracy - 1e-3 * loss}


def _data_digest(examples: Iterable[Example]) -> str:
    digest = hashlib.sha256()
    for row in examples:
        content = [row.task, dict(row.inputs), list(row.choices), row.label, row.rationale]
        digest.update(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return f"sha256:{digest.hexdigest()}"
