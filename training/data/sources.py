"""Where rows come from, written as one word: `cqa:<folder>`, `anli:<folder>`, `jsonl:<file>`, `demo-nli`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from student.errors import DataError
from student.task import Task, find_task
from training.data import anli, cqa, jsonl, svamp
from training.data.example import Example
from training.data.loaded import Labels, Loaded
from training.data.report import LoadReport
from training.data.splits import split_validation

Split = Literal["train", "validation", "test"]

_RELEASES: dict[str, Callable[[Path, str, Labels], Loaded]] = {
    "cqa": lambda folder, split, labels: cqa.load(folder, split, labels=labels),
    "svamp": lambda folder, split, labels: svamp.load(folder, split, labels=labels),
    # The release has no train rows with gold labels: `valid` is the data, of which validation is cut.
    "anli": lambda folder, split, labels: anli.load(folder, "valid" if split == "train" else split, labels=labels),
}
_GENERATORS = {
    "demo-nli": "training.data.demo.nli",
    "demo-choices": "training.data.demo.choices",
    "demo-math": "training.data.demo.math_problems",
}
_FORMS = ("cqa:<folder>", "svamp:<folder>", "anli:<folder>", "jsonl:<file>", *_GENERATORS)


@dataclass(frozen=True)
class DemoRows:
    """How many rows the demo generators make, by split."""

    train: int = 20_000
    validation: int = 1_000
    test: int = 1_000


@dataclass(frozen=True)
class Source:
    """One place of rows, and how its splits are cut.

    Attributes:
        kind: what stands before the colon.
        location: the folder or file after the colon; None for generated rows.
        task: the task of all rows.
        labels: whose answers are learned; validation and test always carry gold labels.
        demo_rows: sizes of generated splits.
        validation_share: part of a dataset without validation split that is set aside for it.
        seed: of the validation split and of generated rows.
        max_bad_share: largest part of the stored rows that may be unusable.
    """

    kind: str
    location: Path | None
    task: Task
    labels: Labels = "gold"
    demo_rows: DemoRows = field(default_factory=DemoRows)
    validation_share: float = 0.1
    seed: int = 0
    max_bad_share: float = 1.0

    def __post_init__(self) -> None:
        if self.labels == "teacher" and self.kind not in _RELEASES:
            raise DataError(f"{self.kind}: has no teacher labels of its own; use gold labels")
        if not 0 <= self.validation_share < 1:
            raise DataError(f"validation share: {self.validation_share}; must be at least 0 and below 1")

    def load(self, split: Split) -> Loaded:
        """Load one split.

        `train` and `validation` of cqa, svamp, anli and jsonl are the two parts of the same rows, cut by
        `validation_share` (0: all rows are for training); the report is then that of all of them. `test` is
        the release's test file, or for jsonl the whole file. The rows of anli are the release's `valid`.

        Raises:
            UnusableRows: more than `max_bad_share` of the rows of `train` or `validation` cannot be used, or all.
            DataError: the rows cannot be read, or validation is asked for at a share of 0.
        """
        if self.location is None:
            return self._generated(split)
        if split == "test":
            return self._stored(self.location, "test", "gold")
        if split == "validation" and not self.validation_share:
            raise DataError(f"{self.kind}: no validation rows at a validation share of 0; give one above 0")
        whole = self._stored(self.location, "train", self.labels if split == "train" else "gold")
        # Before the split: where too many rows were dropped, the reasons are worth more than that a part is empty.
        whole.report.check(self.max_bad_share)
        training, validation = split_validation(whole.examples, self.validation_share, self.seed)
        return Loaded(training if split == "train" else validation, whole.report)

    def _stored(self, location: Path, split: str, labels: Labels) -> Loaded:
        if self.kind in _RELEASES:
            return _RELEASES[self.kind](location, split, labels)
        return jsonl.load(location, self.task)

    def _generated(self, split: Split) -> Loaded:
        examples = list(generate_rows(self.kind, split, getattr(self.demo_rows, split), self.seed))
        report = LoadReport(f"{self.kind}/{split}")
        for example in examples:
            report.use(with_rationale=example.rationale is not None)
        return Loaded(examples, report)


def generate_rows(name: str, split: Split, rows: int, seed: int) -> Iterator[Example]:
    """Rows of a demo generator, which is named like its task."""
    # Imported here: the generators are many phrases and words, of no use to those who bring own rows.
    generate: Callable[[Split, int, int], Iterator[Example]]
    generate = importlib.import_module(_GENERATORS[name]).generate
    return generate(split, rows, seed)


def open_source(
    spec: str,
    *,
    task: Task | None = None,
    labels: Labels = "gold",
    demo_rows: DemoRows | None = None,
    validation_share: float = 0.1,
    seed: int = 0,
    max_bad_share: float = 1.0,
) -> Source:
    """Read the specification of a source, such as `cqa:/data/cqa` or `demo-nli`. Nothing is loaded yet.

    Args:
        spec: what the source is.
        task: the task of a `jsonl` source; the others know theirs.
        labels: see `Source`.
        demo_rows: see `Source`.
        validation_share: see `Source`.
        seed: see `Source`.
        max_bad_share: see `Source`.

    Raises:
        DataError: there is no such kind of source, or the location or task is missing or out of place.
    """
    kind, _, location = spec.partition(":")
    if kind not in (*_RELEASES, *_GENERATORS, "jsonl"):
        raise DataError(f"source {spec!r}: unknown; use one of {', '.join(_FORMS)}")
    if (kind in _GENERATORS) == bool(location):
        form = next(form for form in _FORMS if form.partition(":")[0] == kind)
        raise DataError(f"source {spec!r}: must be written as {form}")
    if kind == "jsonl" and task is None:
        raise DataError(f"source {spec!r}: give its task as well, a built-in task's name or a YAML file")
    if kind != "jsonl" and task is not None:
        raise DataError(f"source {spec!r}: has its own task; leave the task out")
    return Source(
        kind=kind,
        location=Path(location) if location else None,
        task=task or find_task(kind),
        labels=labels,
        demo_rows=demo_rows or DemoRows(),
        validation_share=validation_share,
        seed=seed,
        max_bad_share=max_bad_share,
    )
