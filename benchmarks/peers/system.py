"""What `benchmarks/latency.py` asks of a system under measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

LABEL_TOKENS = 4
"""Tokens of each label, `</s>` included: what `generate` decodes."""


@dataclass(frozen=True)
class Work:
    """A student and its labels, as every system gets them.

    Attributes:
        model: directory in the hub's format.
        folder: where a system may write what it makes of the model.
        labels: token ids of each label, `LABEL_TOKENS` long, all different in their first token.
    """

    model: Path
    folder: Path
    labels: tuple[tuple[int, ...], ...]

    def index_of(self, ids: Sequence[int]) -> int:
        """The label with these ids; -1 where there is none."""
        return self.labels.index(tuple(ids)) if tuple(ids) in self.labels else -1


def of_length(row: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """The row with so many tokens: its text repeated or cut, its last token, `</s>`, last."""
    return np.append(np.resize(row[:-1], length - 1), row[-1])


class System(Protocol):
    """A system ready to answer.

    Attributes:
        name: as in the results.
        precision: as in the results.
    """

    name: str
    precision: str

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of each row's label, -1 where it wrote none; rows are [batch, source] without padding."""
