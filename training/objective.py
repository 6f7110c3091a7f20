"""The multitask objective of Distilling Step-by-Step: L = L_label + lambda * L_rationale.

Hsieh et al. 2023, equation 3: the student reads `[label] x` and learns to write the label, reads
`[rationale] x` and learns to write the rationale; each loss is the mean cross-entropy over its own tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import torch
from torch.utils.data import Dataset, Sampler
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration

from student.task import Limits, Task
from training.data.example import Example
from training.data.rationales import concluded, reasoning
from training.optimizer import make_optimizer
from training.sampler import LengthGroupedSampler
from training.shared_batches import IGNORED as IGNORED
from training.shared_batches import SharedBatchesTrainer
from training.whole_checkpoints import WholeCheckpointsTrainer

_TOKENIZE_ROWS = 2000
"""Rows tokenised at once: the tokenizer spreads a list over the cores."""


class Row(TypedDict):
    """One example in tokens."""

    input_ids: list[int]
    labels: list[int]
    rationale_input_ids: list[int] | None
    rationale_labels: list[int] | None


@dataclass
class Cut:
    """Texts of one kind that are longer than their task's limit.

    Attributes:
        limit: tokens that are kept, `</s>` included.
        rows: how many were cut.
        longest: tokens of the longest of them.
        longest_row: the source of that row.
    """

    limit: int
    rows: int = 0
    longest: int = 0
    longest_row: str = ""


class MultitaskDataset(Dataset[Row]):
    """Examples as token rows. Rows without a rationale train the label task alone.

    Sources and rationales over the task's limit are cut and counted; a label over it is refused by `training.run`.

    Args:
        rationales: learn the rationales too, as a second task.
        rationale_first: the rationale, which ends in the label, is the one thing that is learnt; every row has one.

    Attributes:
        cuts: what was cut, by task and `limits` key.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        tasks: dict[str, Task],
        tokenizer: PreTrainedTokenizerBase,
        *,
        rationales: bool = True,
        rationale_first: bool = False,
        progress: bool = False,
    ) -> None:
        self._rationales = rationales and not rationale_first
        self._rationale_first = rationale_first
        self._rows: list[Row] = []
        self.cuts: dict[tuple[str, str], Cut] = {}
        with tqdm(total=len(examples), desc="tokenize", unit="row", disable=not progress) as bar:
            for start in range(0, len(examples), _TOKENIZE_ROWS):
                part = examples[start : start + _TOKENIZE_ROWS]
                self._append(part, tasks, tokenizer)
                bar.update(len(part))

    def _append(self, examples: Sequence[Example], tasks: dict[str, Task], tokenizer: PreTrainedTokenizerBase) -> None:
        def asked_for_rationale(row: Example) -> str:
            return tasks[row.task].rationale_source(row.inputs, row.choices)

        def asked_for_label(row: Example) -> str:
            return tasks[row.task].label_source(row.inputs, row.choices)

        ask = asked_for_rationale if self._rationale_first else asked_for_label
        sources = _tokens(tokenizer, [ask(row) for row in examples])
        if self._rationale_first:
            targets = self._whole_rationales(tokenizer, examples, tasks)
        else:
            targets = _tokens(tokenizer, [row.label for row in examples])
        explained = [row for row in examples if self._rationales and row.rationale is not None]
        asked = iter(_tokens(tokenizer, [asked_for_rationale(row) for row in explained]))
        reasons = iter(_tokens(tokenizer, [row.rationale or "" for row in explained]))
        for example, source, target in zip(examples, sources, targets, strict=True):
            limits = tasks[example.task].limits
            asked_ids = next(asked) if self._rationales and example.rationale is not None else None
            # One row counts once, whichever of its two sources is too long.
            longest = max(source, asked_ids or [], key=len)
            self._fit(longest, example, "source_tokens", limits.source_tokens)
            row = Row(
                input_ids=_cut(source, limits.source_tokens),
                labels=target,
                rationale_input_ids=None,
                rationale_labels=None,
            )
            if asked_ids is not None:
                row["rationale_input_ids"] = _cut(asked_ids, limits.source_tokens)
                row["rationale_labels"] = self._rationale(next(reasons), example, limits)
            self._rows.append(row)

    def _whole_rationales(
        self, tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], tasks: dict[str, Task]
    ) -> list[list[int]]:
        """Rationales that end in their label whatever the limit: where one is too long, its reasoning is cut."""
        targets = _tokens(tokenizer, [row.rationale or "" for row in examples])
        for number, (example, ids) in enumerate(zip(examples, targets, strict=True)):
            task = tasks[example.task]
            limit = task.limits.rationale_tokens
            self._fit(ids, example, "rationale_tokens", limit)
            if len(ids) > limit:
                reasoned, stated = _tokens(
                    tokenizer, [reasoning(task, example.rationale or ""), concluded(task, "", example.label)]
                )
                room = max(0, limit - len(stated))
                targets[number] = _cut([*reasoned[:-1][:room], *stated], limit)
        return targets

    def _rationale(self, ids: list[int], example: Example, limits: Limits) -> list[int]:
        self._fit(ids, example, "rationale_tokens", limits.rationale_tokens)
        return _cut(ids, limits.rationale_tokens)

    def _fit(self, ids: list[int], example: Example, key: str, limit: int) -> None:
        """Count a text that will be cut."""
        if len(ids) > limit:
            cut = self.cuts.setdefault((example.task, key), Cut(limit))
            cut.rows += 1
            if len(ids) > cut.longest:
                cut.longest, cut.longest_row = len(ids), example.source

    def token_counts(self) -> list[tuple[int, int]]:
        """Tokens that each row reads and writes; of two targets the longer one."""
        return [
            (len(row["input_ids"]), max(len(row["labels"]), len(row["rationale_labels"] or []))) for row in self._rows
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]


class MultitaskCollator:
    """Pads the label rows and the rationale rows of a batch each to their own longest."""

    def __init__(self, pad_token_id: int) -> None:
        self._pad = pad_token_id

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Int64 tensors `[batch, source]` and `[batch, target]`; rationale ones only if a row has one.

        No rows, as a share of a short batch may have, are one row that teaches nothing: every process takes every step.
        """
        if not rows:
            return self._part([[self._pad]], [[IGNORED]])
        batch = self._part([row["input_ids"] for row in rows], [row["labels"] for row in rows])
        sources = [row["rationale_input_ids"] for row in rows if row["rationale_input_ids"] is not None]
        targets = [row["rationale_labels"] for row in rows if row["rationale_labels"] is not None]
        if sources:
            part = self._part(sources, targets)
            batch.update({f"rationale_{name}": tensor for name, tensor in part.items()})
        return batch

    def _part(self, sources: Sequence[list[int]], targets: Sequence[list[int]]) -> dict[str, torch.Tensor]:
        input_ids = pad_rows(sources, self._pad)
        # By length, not by id: a source may contain the padding token's id in the middle of a hub vocabulary.
        lengths = torch.tensor([len(source) for source in sources])
        mask = (torch.arange(input_ids.shape[1])[None, :] < lengths[:, None]).long()
        return {"input_ids": input_ids, "attention_mask": mask, "labels": pad_rows(targets, IGNORED)}


class StepByStepTrainer(SharedBatchesTrainer, WholeCheckpointsTrainer):
    """Hugging Face's trainer with the multitask objective and our validation.

    Args:
        rationale_weight: lambda. 0 trains labels alone and skips the rationale pass.
        optimizer_name, embedding_rate_factor: see `TrainConfig`.
        group_by: tokens that each training row reads and writes, to batch rows of similar length; None shuffles.
        validate: figures of a model on the validation rows; run wherever the trainer evaluates.
    """

    def __init__(
        self,
        *args: Any,
        rationale_weight: float,
        validate: Callable[[T5ForConditionalGeneration], dict[str, float]],
        optimizer_name: str = "adamw",
        embedding_rate_factor: float = 1.0,
        group_by: Sequence[tuple[int, int]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._rationale_weight = rationale_weight
        self._validate = validate
        self._optimizer_name = optimizer_name
        self._embedding_rate_factor = embedding_rate_factor
        self._group_by = group_by

    def create_optimizer(self) -> torch.optim.Optimizer:
        """The recipe's optimiser; see `training.optimizer`."""
        if self.optimizer is None:  # type: ignore[has-type]
            self.optimizer = make_optimizer(
                self.model,
                self._optimizer_name,
                learning_rate=self.args.learning_rate,
                embedding_rate_factor=self._embedding_rate_factor,
                weight_decay=self.args.weight_decay,
                adam_betas=(self.args.adam_beta1, self.args.adam_beta2),
            )
        return self.optimizer

    def _get_train_sampler(self, train_dataset: Dataset[Row] | None = None) -> Sampler[int] | None:
        if self._group_by is None:
            default: Sampler[int] | None = super()._get_train_sampler(train_dataset)
            return default
        return LengthGroupedSampler(self._group_by, self.rows_a_step, self.args.seed)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """L_label + lambda * L_rationale of one batch, or of a share its part of it: a scalar tensor.

        Args:
            model: what the trainer has made of ours.
            inputs: a batch made by `MultitaskCollator`.
            return_outputs: also give the label pass's outputs.
            num_items_in_batch: int64 `[2]`, label and rationale tokens of the whole batch; None where this is it.
        """
        shares = self.shares_of(inputs, num_items_in_batch)
        loss, outputs = self.multitask_loss(model, inputs, self._rationale_weight, shares)
        return (loss, outputs) if return_outputs else loss

    @staticmethod
    def multitask_loss(
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        rationale_weight: float,
        shares: Sequence[torch.Tensor | float] = (1.0, 1.0),
    ) -> tuple[torch.Tensor, Any]:
        """The loss of a batch made by `MultitaskCollator`, and the label pass's outputs.

        Args:
            model: a T5.
            inputs: the batch.
            rationale_weight: lambda.
            shares: what to weight the mean over label tokens, and that over rationale tokens, with.
        """
        names = ("input_ids", "attention_mask", "labels")
        outputs = model(**{name: inputs[name] for name in names})
        loss = outputs.loss * shares[0]
        if rationale_weight and "rationale_labels" in inputs:
            rationale = model(**{name: inputs[f"rationale_{name}"] for name in names})
            loss = loss + rationale_weight * (rationale.loss * shares[1])
        return loss, outputs

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Figures on the validation rows, prefixed `eval_`, logged like the trainer's own."""
        metrics = {f"eval_{name}": value for name, value in self._validate(self.model).items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)  # type: ignore[has-type]
        return metrics


def pad_rows(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    """Rows of different length as one int64 tensor `[rows, longest]`, filled up with `value`."""
    padded = torch.full((len(rows), max(map(len, rows))), value, dtype=torch.long)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = torch.tensor(row)
    return padded


def _tokens(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts)).input_ids if texts else []
    return ids


def _cut(ids: list[int], limit: int) -> list[int]:
    """At most `limit` ids, the last of them `</s>`."""
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]
