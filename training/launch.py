"""How this process was started: what `torchrun` says in environment variables. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from training.config import ConfigError

_NUMBERS = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_PORT")
_NEEDED = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What processes need besides their number to find each other."""


@dataclass(frozen=True)
class Launch:
    """A process among those that were started together.

    Attributes:
        count: of all machines.
        index: this one's, from 0.
        index_here: among those of this machine, from 0.
    """

    count: int = 1
    index: int = 0
    index_here: int = 0


def read_launch(environment: Mapping[str, str] = os.environ) -> Launch:
    """Read `torchrun`'s variables; without WORLD_SIZE, or where it is 1, this process is alone.

    Raises:
        ConfigError: naming every variable that is missing or wrong.
    """
    given = {name: environment[name] for name in (*_NUMBERS, "MASTER_ADDR") if environment.get(name)}
    if "WORLD_SIZE" not in given:
        return Launch()
    problems = [
        f"{name}={given[name]!r} is no whole number from 0 up"
        for name in _NUMBERS
        if name in given and not (given[name].isascii() and given[name].isdigit())
    ]
    if not problems:
        count = int(given["WORLD_SIZE"])
        if count == 1:
            return Launch()
        if count == 0:
            problems.append("WORLD_SIZE=0 is no number of processes")
        missing = [name for name in _NEEDED if name not in given]
        if missing and count:
            problems.append(f"WORLD_SIZE={count} says that this is one of {count} processes, and {_are_not(missing)}")
        problems += [
            f"{name}={given[name]} is none of {count} processes, which count from 0"
            for name in ("RANK", "LOCAL_RANK")
            if name in given and count and int(given[name]) >= count
        ]
    if problems:
        raise ConfigError(
            f"{'; '.join(problems)}. torchrun sets these variables (torchrun --nproc-per-node 2 -m student.cli train "
            "...); for one process, unset WORLD_SIZE"
        )
    return Launch(count, int(given["RANK"]), int(given["LOCAL_RANK"]))


def _are_not(missing: list[str]) -> str:
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"
