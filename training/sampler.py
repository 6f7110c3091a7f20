"""Which rows a step learns from: batches of rows of similar length, and each process's share of a batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import BatchSampler, Sampler

_BATCHES_SORTED_TOGETHER = 32
"""Enough that a batch's rows are alike in length, few enough that they still differ in everything else."""

_BATCHES_ALIKE_IN_SOURCE = 5
"""Of those, as many as are sorted once more by what they write: about the root, so that both lengths count."""


class LengthGroupedSampler(Sampler[int]):
    """Row numbers such that consecutive `batch_size` of them read and write texts of similar length.

    Rows are shuffled; runs of 32 batches are sorted by source length, blocks of 5 within them by target length, and the
    batches of a run shuffled. A rationale's length says little about its question's: sorted by their sum, both are
    padded more. (The trainer's own grouped sampler knows the source alone, and goes through each run from long to
    short, so that what a step learns from follows its length.) Every epoch has another order, the same one for the
    same seed.

    Args:
        lengths: tokens that each row reads, and writes.
        batch_size: rows in a batch.
        seed: of the order.
    """

    def __init__(self, lengths: Sequence[tuple[int, int]], batch_size: int, seed: int) -> None:
        self._sources = torch.tensor([source for source, _ in lengths])
        self._targets = torch.tensor([target for _, target in lengths])
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; the trainer calls it, also when it resumes."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._sources)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        order = torch.randperm(len(self), generator=generator)
        for run in torch.split(order, self._batch_size * _BATCHES_SORTED_TOGETHER):
            batches = torch.split(self._sorted(run), self._batch_size)
            # A last, shorter batch stays last: in the middle it would shift the rows of all that follow.
            whole = [batch for batch in batches if len(batch) == self._batch_size]
            for number in torch.randperm(len(whole), generator=generator).tolist():
                yield from whole[number].tolist()
            if len(batches) > len(whole):
                yield from batches[-1].tolist()

    def _sorted(self, run: torch.Tensor) -> torch.Tensor:
        by_source = run[self._sources[run].argsort(stable=True)]
        blocks = torch.split(by_source, self._batch_size * _BATCHES_ALIKE_IN_SOURCE)
        return torch.cat([block[self._targets[block].argsort(stable=True)] for block in blocks])


class StepShares(Sampler[list[int]]):
    """One process's share of every step: the rows of its micro-batches, one after the other.

    A step's rows are `batch_size` consecutive ones of the order that one process takes; its micro-batches are
    consecutive parts of them (whose rows are of similar length, where rows are grouped by it), and a micro-batch's rows
    are dealt to the processes in turn, so that each gets as many long ones. An epoch's last step may have fewer rows
    than shares; those left over are empty, so that every process takes every step.

    Args:
        order: row numbers, the same in every process.
        batch_size: rows of a step, of all processes.
        micro_batches: parts of a step that a process learns from one after the other.
        processes: of the run.
        process: this one.
    """

    def __init__(
        self, order: Sampler[int], batch_size: int, *, micro_batches: int = 1, processes: int = 1, process: int = 0
    ) -> None:
        self._order = order
        self._batch_size = batch_size
        self._micro_batches = micro_batches
        self._processes = processes
        self._process = process

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch."""
        self._order.set_epoch(epoch)  # type: ignore[attr-defined]  # of samplers that depend on the epoch, as ours do

    def __len__(self) -> int:
        steps = -(-len(self._order) // self._batch_size)  # type: ignore[arg-type]  # ours have a length
        return steps * self._micro_batches

    def __iter__(self) -> Iterator[list[int]]:
        for rows in BatchSampler(self._order, self._batch_size, drop_last=False):
            cuts = [len(rows) * number // self._micro_batches for number in range(self._micro_batches + 1)]
            for start, end in itertools.pairwise(cuts):
                yield rows[start:end][self._process :: self._processes]
