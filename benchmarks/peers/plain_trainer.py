"""The way Hugging Face's guides train a T5 on two tasks: `Seq2SeqTrainer`, its own collator, shuffled rows.

The loss is the paper's, of two passes; everything else is what the library does when nothing is asked of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import DataCollatorForSeq2Seq, PreTrainedTokenizerBase, Seq2SeqTrainer

from student.task import Task
from training.data.example import Example

LABEL, RATIONALE = "label", "rationale"


def plain_rows(
    examples: Sequence[Example], tasks: Mapping[str, Task], tokenizer: PreTrainedTokenizerBase, *, rationales: bool
) -> list[dict[str, dict[str, Any]]]:
    """Every example as the tokenizer gives it: `{"label": {input_ids, attention_mask, labels}, "rationale": {...}}`."""
    rows = []
    for example in examples:
        task = tasks[example.task]
        row = {
            LABEL: _encoded(
                tokenizer,
                task.label_source(example.inputs, example.choices),
                example.label,
                (task.limits.source_tokens, task.limits.label_tokens),
            )
        }
        if rationales and example.rationale is not None:
            row[RATIONALE] = _encoded(
                tokenizer,
                task.rationale_source(example.inputs, example.choices),
                example.rationale,
                (task.limits.source_tokens, task.limits.rationale_tokens),
            )
        rows.append(row)
    return rows


def _encoded(tokenizer: PreTrainedTokenizerBase, source: str, target: str, limits: tuple[int, int]) -> dict[str, Any]:
    encoded = tokenizer(source, max_length=limits[0], truncation=True)
    labels = tokenizer(text_target=target, max_length=limits[1], truncation=True)["input_ids"]
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"], "labels": labels}


class PlainCollator:
    """The library's collator for each of the two tasks."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._collate = DataCollatorForSeq2Seq(tokenizer)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """A batch for each task that has rows."""
        batch = {}
        for name in (LABEL, RATIONALE):
            of = [row[name] for row in rows if name in row]
            if of:
                batch[name] = dict(self._collate(of))
        return batch


class PlainTrainer(Seq2SeqTrainer):  # type: ignore[misc]
    """L_label + lambda * L_rationale."""

    def __init__(self, *args: Any, rationale_weight: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False
        self._rationale_weight = rationale_weight

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Mapping[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """One pass a task."""
        loss = plain_loss(model, inputs, self._rationale_weight)
        return (loss, None) if return_outputs else loss


def plain_loss(model: torch.nn.Module, inputs: Mapping[str, Any], rationale_weight: float) -> Any:
    """The loss of a batch made by `PlainCollator`, a scalar tensor."""
    loss = model(**inputs[LABEL]).loss
    if RATIONALE in inputs:
        loss = loss + rationale_weight * model(**inputs[RATIONALE]).loss
    return loss
