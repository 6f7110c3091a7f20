"""A trainer whose steps learn from the same rows, with the same loss, however many processes and parts share them.

The mean over a batch's tokens is not the mean of its shares' means, as shares differ in tokens (which gradient
accumulation long left out of account). So every share's mean is weighted by its part of the tokens of the whole batch,
which all processes count together before the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from accelerate.data_loader import SeedableRandomSampler
from torch.utils.data import DataLoader, Sampler
from transformers import Trainer

from training.sampler import StepShares

IGNORED = -100
"""Target id that the loss skips (torch's cross-entropy convention)."""

PARTS = ("labels", "rationale_labels")
"""The targets of a batch, each with a mean of its own; the second may be absent."""


class SharedBatchesTrainer(Trainer):  # type: ignore[misc]  # transformers is not typed for mypy here
    """Hugging Face's trainer with batches that processes and micro-batches share out.

    `per_device_train_batch_size` are the rows of one share. A subclass weights the loss of each part of a share by
    `shares_of`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The weights take care of micro-batches: the trainer must not divide by their number.
        self.model_accepts_loss_kwargs = True
        self.shares = self.args.world_size * self.args.gradient_accumulation_steps

    @property
    def rows_a_step(self) -> int:
        """Rows that a step learns from, in all processes."""
        rows: int = self.args.train_batch_size * self.shares
        return rows

    def get_train_dataloader(self) -> DataLoader[Any]:
        """This process's shares of every step, in the order that one process takes."""
        # A trainer that resumes takes the checkpoint's, whatever the number of processes was.
        self._train_batch_size = self.args.train_batch_size
        if self.shares == 1:
            loader: DataLoader[Any] = super().get_train_dataloader()
            return loader
        return _ShareLoader(
            self.train_dataset,
            batch_sampler=StepShares(
                self._order(),
                self.rows_a_step,
                micro_batches=self.args.gradient_accumulation_steps,
                processes=self.args.world_size,
                process=self.args.process_index,
            ),
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def _order(self) -> Sampler[int]:
        """As `_get_train_sampler`; what that leaves to chance follows the seed, as accelerate has it in one process."""
        order: Sampler[int] = self._get_train_sampler()
        if isinstance(order, torch.utils.data.RandomSampler):
            seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
            order = SeedableRandomSampler(self.train_dataset, data_seed=seed)
        return order

    def _get_num_items_in_batch(
        self, batch_samples: Sequence[dict[str, torch.Tensor]], device: torch.device
    ) -> torch.Tensor | None:
        """Target tokens of a step by part, int64 `[parts]`, over all micro-batches and processes; None of one share."""
        # A resumed epoch ends in steps without batches, in every process.
        if self.shares == 1 or not batch_samples:
            return None
        counts = torch.stack([_tokens(batch) for batch in batch_samples]).sum(dim=0).to(device)
        summed: torch.Tensor = self.accelerator.reduce(counts, reduction="sum")
        return summed

    def shares_of(
        self, inputs: dict[str, torch.Tensor], num_items_in_batch: torch.Tensor | None
    ) -> tuple[torch.Tensor | float, ...]:
        """What to weight the mean loss of each part with, so that a step's gradient is that of the whole batch.

        Gradients, and the losses that are logged, are averaged over processes: hence times their number.
        """
        if num_items_in_batch is None:
            return (1.0,) * len(PARTS)
        own = _tokens(inputs).to(num_items_in_batch.device)
        return tuple(own * self.args.world_size / num_items_in_batch.clamp(min=1))


class _ShareLoader(DataLoader[Any]):
    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]


def _tokens(batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Target tokens of a batch by part, int64 `[parts]`."""
    absent = torch.zeros((), dtype=torch.long)
    return torch.stack([(batch[part] != IGNORED).sum().cpu() if part in batch else absent for part in PARTS])
