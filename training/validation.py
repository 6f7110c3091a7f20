"""Validation during a run: accuracy by task, the loss, and the score by which the best student is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration

from student.task import Task
from training.data.example import Example
from training.evaluation.answering import answer_all, batched, by_length
from training.evaluation.groups import summarise
from training.evaluation.outcome import Outcome
from training.objective import MultitaskDataset, StepByStepTrainer
from training.processes import ALONE, Processes
from training.scoring import TorchStudent
from training.sharding import parts_callable

_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class Validation:
    """What a run validates on, and how.

    Attributes:
        answering: how students of the run's method answer.
        tasks: by name.
        asked: rows as the student is asked them.
        held_out: the same in tokens as it would learn them, for the loss.
        collate: makes a batch of token rows.
        rationale_weight: lambda of the loss.
        processes: which share the work, each with a whole copy of the model; their figures are one process's.
    """

    answering: type[TorchStudent]
    tokenizer: PreTrainedTokenizerBase
    tasks: dict[str, Task]
    asked: Sequence[Example]
    held_out: MultitaskDataset
    collate: Callable[[Sequence[Any]], dict[str, torch.Tensor]]
    rationale_weight: float
    processes: Processes = ALONE

    def __call__(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Figures of a model as it stands: `accuracy_<task>`, `accuracy` (their mean), `loss`, `score`."""
        training = model.training
        with parts_callable(model):
            summary = summarise(self._outcomes(model))
            losses = self._losses(model)
        model.train(training)
        metrics = {f"accuracy_{name}": float(figures["accuracy"]) for name, figures in summary.items()}
        accuracy = sum(metrics.values()) / len(metrics)
        loss = sum(losses) / len(losses)
        # Accuracy decides; the loss breaks ties, so that a saturated student's rationales go on improving.
        return {**metrics, "accuracy": accuracy, "loss": loss, "score": accuracy - 1e-3 * loss}

    def _share(self, batches: list[list[int]]) -> list[list[int]]:
        return batches[self.processes.index :: self.processes.count]

    def _outcomes(self, model: T5ForConditionalGeneration) -> list[Outcome]:
        """One for each row, in order; batches are the same ones whichever process answers them."""
        student = self.answering(model, self.tokenizer, self.tasks)
        if self.processes.count == 1:
            return answer_all(student, self.asked, batch_size=_ROWS_AT_ONCE, progress=False)
        mine = [place for batch in self._share(list(batched(by_length(self.asked), _ROWS_AT_ONCE))) for place in batch]
        rows = [self.asked[place] for place in mine]
        answered = answer_all(student, rows, batch_size=_ROWS_AT_ONCE, progress=False)
        told: dict[int, dict[str, Any]] = {}
        for part in self.processes.gather(dict(zip(mine, map(_without_row, answered), strict=True))):
            told |= part
        return [Outcome(example=row, **told[place]) for place, row in enumerate(self.asked)]

    @torch.inference_mode()
    def _losses(self, model: T5ForConditionalGeneration) -> list[float]:
        """The loss of each batch of held out rows, in order."""
        mine = []
        for indices in self._share(list(batched(range(len(self.held_out)), _ROWS_AT_ONCE))):
            batch = self.collate([self.held_out[place] for place in indices])
            inputs = {name: tensor.to(model.device) for name, tensor in batch.items()}
            mine.append(float(StepByStepTrainer.multitask_loss(model, inputs, self.rationale_weight)[0]))
        parts = self.processes.gather(mine)
        return [parts[number % len(parts)][number // len(parts)] for number in range(sum(map(len, parts)))]


def _without_row(outcome: Outcome) -> dict[str, Any]:
    """What an outcome says of its row, which every process has."""
    return {name: value for name, value in vars(outcome).items() if name != "example"}
