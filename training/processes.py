"""The processes of a training run: alone, or as many as `torchrun` started."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from accelerate import PartialState

from student.errors import DataError, QuickstepError
from training.launch import read_launch

Result = TypeVar("Result")


class ToldByMain(QuickstepError):
    """What the main process says already, in another one: `quickstep train` ends it without a word."""


_PATIENCE = timedelta(hours=2)
"""How long a process waits for the others: the main one may validate or write a large student meanwhile. `torchrun`
ends them all as soon as one fails, so nobody waits as long for a dead one."""


@dataclass(frozen=True)
class Processes:
    """This process among those of the run.

    Attributes:
        count: of all machines.
        index: this one's, from 0; 0 is the main one, which alone writes, logs and shows bars.
    """

    count: int = 1
    index: int = 0

    @property
    def is_main(self) -> bool:
        """Whether this one writes, logs and shows bars."""
        return self.index == 0

    def gather(self, item: Result) -> list[Result]:
        """What each process has, in their order, in every process."""
        if self.count == 1:
            return [item]
        items: list[Any] = [None] * self.count
        dist.all_gather_object(items, item)
        return items

    def together(self, work: Callable[[], Result]) -> Result:
        """Do the same work in every process; what fails in one fails in all, so that none waits for it.

        Raises:
            QuickstepError, OSError: in the main process, its own, or a DataError with another one's; ToldByMain in the
                others.
        """
        if self.count == 1:
            return work()
        result, error = _tried(work)
        errors = [f"process {number}: {told}" for number, told in enumerate(self.gather(error and str(error))) if told]
        if errors and not self.is_main:
            raise ToldByMain(errors[0])
        if error is not None:
            raise error
        if errors:
            raise DataError(f"{errors[0]} (the main process had no such problem: what differs on that one's machine?)")
        return cast(Result, result)

    def from_main(self, work: Callable[[], Result]) -> Result:
        """Do work in the main process alone and give its result to all.

        Raises:
            QuickstepError, OSError: in the main process, its own; ToldByMain in the others.
        """
        if self.count == 1:
            return work()
        result, error = _tried(work) if self.is_main else (None, None)
        told: list[Any] = [(result, error and str(error))]
        dist.broadcast_object_list(told, src=0)
        if error is not None:
            raise error
        result, message = told[0]
        if message is not None:
            raise ToldByMain(message)
        return cast(Result, result)

    def agree(self, digest: str, on: str) -> None:
        """Refuse to go on where processes differ.

        Args:
            digest: of what has to be the same everywhere.
            on: what that is.

        Raises:
            DataError: in the main process; ToldByMain in the others.
        """
        digests = self.gather(digest)
        self.from_main(lambda: _refuse_others(digests, on))

    def wait(self) -> None:
        """Until all processes are here."""
        self.gather(None)


ALONE = Processes()
"""A run of one process."""


def join_processes() -> Processes:
    """The processes that `torchrun` (or `accelerate launch`) started with this one, connected; else this one alone.

    Raises:
        ConfigError: variables of the environment do not say how to find the others.
    """
    if read_launch().count == 1:
        return ALONE
    on_cpu = not torch.accelerator.is_available()
    if on_cpu:
        # accelerate would call it `cpu:0`, which torch cannot load a checkpoint to.
        os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
    PartialState(cpu=on_cpu, timeout=_PATIENCE)
    return Processes(count=dist.get_world_size(), index=dist.get_rank())


def leave_processes() -> None:
    """Part from the other processes, after a run that went well; one that did not ends them by its exit status."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _refuse_others(digests: list[str], on: str) -> None:
    others = [str(number) for number, digest in enumerate(digests) if digest != digests[0]]
    if others:
        raise DataError(
            f"processes {', '.join(others)} have other {on} than process 0; give all machines the same files and "
            "versions"
        )


def _tried(work: Callable[[], Result]) -> tuple[Result | None, QuickstepError | OSError | None]:
    try:
        return work(), None
    except (QuickstepError, OSError) as error:
        return None, error
