"""Batches of rows of similar length, in random order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

_BATCHES_SORTED_TOGETHER = 16
"""Enough that a batch's rows are alike in length, few enough that they still differ in everything else."""


class LengthGroupedSampler(Sampler[int]):
    """Row numbers such that consecutive `batch_size` of them are of similar length.

    Rows are shuffled, sorted by length within runs of 16 batches, and the batches of a run shuffled. (The
    trainer's own grouped sampler goes through each run from long to short, so that what a step learns from
    follows its length.) Every epoch has another order, the same one for the same seed.

    Args:
        lengths: a length for each row.
        batch_size: rows in a batch.
        seed: of the order.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = torch.tensor(lengths)
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; the trainer calls it, also when it resumes."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        order = torch.randperm(len(self._lengths), generator=generator)
        for run in torch.split(order, self._batch_size * _BATCHES_SORTED_TOGETHER):
            batches = torch.split(run[self._lengths[run].argsort(stable=True)], self._batch_size)
            # A last, shorter batch stays last: in the middle it would shift the rows of all that follow.
            whole = [batch for batch in batches if len(batch) == self._batch_size]
            for number in torch.randperm(len(whole), generator=generator).tolist():
                yield from whole[number].tolist()
            if len(batches) > len(whole):
                yield from batches[-1].tolist()
