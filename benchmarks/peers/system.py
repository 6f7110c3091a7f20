"""What `benchmarks/latency.py` asks of a system under measurement."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.machine import ROOT

LABEL_TOKENS = 4
"""Tokens of each label, `</s>` included: what `generate` decodes."""

Rows = list[npt.NDArray[np.int64]]
"""One [source] array a row."""


@dataclass(frozen=True)
class Work:
    """A student and its labels, as every system gets them.

    Attributes:
        model: directory in the hub's format.
        folder: where a system may write what it makes of the model.
        labels: token ids of each label, `LABEL_TOKENS` long, all different in their first token.
        calibration: tokenised rows, `</s>` last, for systems that choose ranges by them; none of them is asked later.
    """

    model: Path
    folder: Path
    labels: tuple[tuple[int, ...], ...]
    calibration: tuple[npt.NDArray[np.int64], ...]

    def index_of(self, ids: Sequence[int]) -> int:
        """The label with these ids; -1 where there is none."""
        return self.labels.index(tuple(ids)) if tuple(ids) in self.labels else -1


def of_length(row: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """The row with so many tokens: its text repeated or cut, its last token, `</s>`, last."""
    return np.append(np.resize(row[:-1], length - 1), row[-1])


@contextlib.contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A new folder to write into, which gets the name `folder` when all is written: half of it is never found."""
    unfinished = folder.with_name(f"{folder.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    unfinished.rename(folder)


def made_by_package(folder: Path, name: str, *packages: str) -> Path:
    """Where something is kept that other packages made; another version of them has another place."""
    return folder / "-".join([name, *map(metadata.version, packages)])


def made_by_exporter(folder: Path, name: str) -> Path:
    """Where something is kept that our exporter made; an exporter that was changed has another place."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "export").glob("*.py")):
        digest.update(file.read_bytes())
    return folder / f"{name}-{digest.hexdigest()[:8]}"


class System(Protocol):
    """A system ready to answer."""

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of each row's label, -1 where it wrote none; rows are [batch, source] without padding."""
