"""What Hugging Face's trainer is told of a recipe."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import torch
from transformers import TrainingArguments
from transformers.integrations import get_available_reporting_integrations

from training.config import ConfigError, TrainConfig
from training.processes import Processes

_log = logging.getLogger(__name__)


def check_start(config: TrainConfig, processes: Processes) -> None:
    """Refuse what does not fit the way in which a run was started.

    Raises:
        ConfigError: naming every problem at once.
    """
    problems = []
    shares = processes.count * config.gradient_accumulation
    if config.batch_size % shares:
        below, above = config.batch_size // shares * shares, -(-config.batch_size // shares) * shares
        problems.append(
            f"batch_size: {config.batch_size} examples a step cannot be shared by {processes.count} processes with "
            f"gradient_accumulation {config.gradient_accumulation} ({shares} shares); give a multiple of {shares} "
            f"({f'{below} or ' if below else ''}{above}), or start another number of processes"
        )
    if config.fsdp and processes.count == 1:
        problems.append(
            "fsdp: shards a student over processes, and this is one; start several (torchrun --nproc-per-node 2 -m "
            "student.cli train ...), or leave fsdp out"
        )
    for variable in ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"):
        if os.environ.get(variable, "false").lower() in ("1", "true"):
            problems.append(
                f"{variable} is set: whether a run is sharded is for its recipe to say (fsdp: true); unset it"
            )
    missing = sorted(set(config.trackers) - set(get_available_reporting_integrations()))
    if missing:
        problems.append(f"trackers: {', '.join(missing)} is not installed here; install it, or leave it out")
    if problems:
        raise ConfigError("; ".join(problems))


def training_arguments(config: TrainConfig, output: Path, processes: Processes, *, progress: bool) -> TrainingArguments:
    """The trainer's arguments.

    Args:
        config: the recipe, which fits `processes` (`check_start`).
        output: run directory.
        processes: that share the run.
        progress: show progress bars.
    """
    arguments = TrainingArguments(
        output_dir=str(output),
        logging_dir=str(output / "logs"),
        max_steps=config.steps,
        per_device_train_batch_size=config.batch_size // (processes.count * config.gradient_accumulation),
        gradient_accumulation_steps=config.gradient_accumulation,
        gradient_checkpointing=config.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if config.gradient_checkpointing else None,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        adam_beta2=config.adam_beta2,
        warmup_steps=config.warmup,
        lr_scheduler_type="cosine",
        bf16=config.bf16,
        use_cpu=not torch.accelerator.is_available(),
        # Every parameter takes part in every pass; looking for those that do not costs time.
        ddp_find_unused_parameters=False,
        eval_strategy="steps",
        eval_steps=config.validate_every,
        save_strategy="steps",
        save_steps=config.validate_every,
        save_total_limit=2,
        metric_for_best_model="score",
        greater_is_better=True,
        logging_steps=max(1, min(50, config.steps // 20)),
        report_to=["tensorboard", *config.trackers],
        disable_tqdm=not progress,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.accelerator.is_available(),
        seed=config.seed,
        data_seed=config.seed,
    )
    if arguments.n_gpu > 1:
        # The trainer would split batches over all of them within this process, with a mean of means for a loss.
        _log.warning(
            "%d GPUs are visible and one is used; all are with: torchrun --nproc-per-node %d -m student.cli train ...",
            *(arguments.n_gpu, arguments.n_gpu),
        )
        arguments._n_gpu = 1
    return arguments
