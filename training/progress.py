"""What people see of a training run: one bar, and one line for each validation."""

from __future__ import annotations

import logging
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_log = logging.getLogger(__name__)


class TrainingProgress(TrainerCallback):  # type: ignore[misc]  # transformers is not typed for mypy here
    """Takes the place of the trainer's own bar, which writes every figure as a Python dictionary.

    Args:
        bar: show the bar; validations are logged either way.
    """

    def __init__(self, *, bar: bool) -> None:
        self._shown = bar
        self._bar: tqdm[Any] | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Open the bar, at the step of the checkpoint that the run goes on from."""
        self._bar = tqdm(
            total=state.max_steps, initial=state.global_step, desc="train", unit="step", disable=not self._shown
        )

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show the training loss at the bar, and validation figures as a line."""
        logs = logs or {}
        if self._bar is not None and "loss" in logs:
            self._bar.set_postfix_str(f"loss {logs['loss']:.3f}")
        if "eval_accuracy" in logs:
            tasks = ", ".join(
                f"{name.removeprefix('eval_accuracy_')} {value:.1%}"
                for name, value in logs.items()
                if name.startswith("eval_accuracy_")
            )
            with logging_redirect_tqdm([logging.getLogger()]):
                _log.info("step %d: validation accuracy %s; loss %.3f", state.global_step, tasks, logs["eval_loss"])

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
