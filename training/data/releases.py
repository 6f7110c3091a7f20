"""The published datasets: which files each has, how they are loaded, and which of their rows a teacher may be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.data import anli, asdiv, cqa, esnli, svamp
from training.data.example import Example
from training.data.loaded import Labels, Loaded
from training.data.rows import Row


@dataclass(frozen=True)
class Release:
    """A published dataset.

    Attributes:
        task: name of the task that its rows are of.
        load: its rows as they are learned, of a folder and a split of `splits`.
        ask: its rows as a teacher is asked about them, whether or not its teacher answered them.
        splits: as its files are named; the first is the data that is trained on, and of which validation is cut.
        files: what the names of its files begin with; None where it is a single file.
        taught: whether a teacher's answers come with it.
        premise: what rows must share to stay on one side of the validation split.
    """

    task: str
    load: Callable[[Path, str, Labels], Loaded]
    ask: Callable[[Path, str], Iterable[Row]]
    splits: tuple[str, ...]
    files: str | None
    taught: bool = True
    premise: Callable[[Example], str] | None = None

    def has_test(self, folder: Path) -> bool:
        """Whether its test rows are at hand."""
        return self.files is not None and (folder / f"{self.files}_test.json").is_file()


RELEASES: Mapping[str, Release] = {
    "cqa": Release(
        task="cqa",
        load=lambda folder, split, labels: cqa.load(folder, split, labels=labels),
        ask=cqa.read,
        splits=("train", "test"),
        files="cqa",
    ),
    "svamp": Release(
        task="svamp",
        load=lambda folder, split, labels: svamp.load(folder, split, labels=labels),
        ask=svamp.read,
        splits=("train", "test"),
        files="svamp",
    ),
    # Without train rows that have gold labels: `valid` is the data.
    "anli": Release(
        task="anli",
        load=lambda folder, split, labels: anli.load(folder, split, labels=labels),
        ask=anli.read,
        splits=("valid", "test"),
        files=anli.DATASET,
        premise=anli.premise,
    ),
    "esnli": Release(
        task="esnli",
        load=lambda folder, split, labels: esnli.load(folder, split, labels=labels),
        ask=esnli.read,
        splits=("valid", "test"),
        files="esnli",
        taught=False,
        premise=esnli.premise,
    ),
    "asdiv": Release(
        task="svamp",
        load=lambda folder, split, labels: asdiv.load(folder, split, labels=labels),
        ask=lambda folder, split: asdiv.read(folder),
        splits=("train",),
        files=None,
        taught=False,
    ),
}
