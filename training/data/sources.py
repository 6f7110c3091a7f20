"""`Source`: one place of rows, and how it is cut into training, validation and test rows."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from student.errors import DataError, UnfitData
from student.task import Task, find_task
from training.data import csv_rows, jsonl
from training.data.example import Example
from training.data.hub import Columns, HubDataset
from training.data.loaded import Labels, Loaded
from training.data.overlap import question_text
from training.data.releases import RELEASES, Release
from training.data.report import LoadReport, UnusableRows
from training.data.rows import NO_LABEL, TEACHER_ALONE, Row, assemble_rows
from training.data.source_spec import GENERATORS, HUB, OWN_FILES, parse_source, takes_task, task_problem
from training.data.splits import nested_choice, split_validation

Split = Literal["train", "validation", "test"]


_READ: dict[str, Callable[[Path, Task], Iterable[Row]]] = {
    "jsonl": lambda path, task: jsonl.read(path),
    "csv": csv_rows.read,
}


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
        location: the folder, file or name after the colon; empty for generated rows.
        task: the task of all rows.
        labels: whose answers are learned; validation and test carry gold labels, unless `load` is told otherwise.
        demo_rows: sizes of generated splits.
        validation_share: part of a dataset without validation split that is set aside for it.
        seed: of the validation split and of generated rows.
        max_bad_share: largest part of the stored rows that may be unusable.
        validation: a file of the same kind to validate on; then all rows of `location` are for training.
        test: a file of the same kind to report on.
        columns: which column of a dataset of the hub is what.
    """

    kind: str
    location: str
    task: Task
    labels: Labels = "gold"
    demo_rows: DemoRows = field(default_factory=DemoRows)
    validation_share: float = 0.1
    seed: int = 0
    max_bad_share: float = 1.0
    validation: Path | None = None
    test: Path | None = None
    columns: Columns = field(default_factory=Columns)

    def __post_init__(self) -> None:
        taught = self._release.taught if self._release is not None else self.kind not in GENERATORS
        if self.labels == "teacher" and not taught:
            raise UnfitData(
                f"{self.kind}: has no teacher labels of its own, and gold does not stand in for a teacher's; use gold "
                "labels, or rows with a teacher_label as jsonl"
            )
        if not 0 <= self.validation_share < 1:
            raise DataError(f"validation share: {self.validation_share}; must be at least 0 and below 1")

    @property
    def has_test(self) -> bool:
        """Whether there are test rows apart from all others, without generating any."""
        if self.kind == HUB:
            return "test" in self._hub.splits
        return self.test is not None or (self._release is not None and self._release.has_test(Path(self.location)))

    def load(self, split: Split, *, held_out_labels: Labels = "gold") -> Loaded:
        """Load one split.

        `train` and `validation` of the releases, jsonl and csv are the two parts of the same rows, cut by
        `validation_share` (0: all rows are for training); the report is then that of all of them. A `validation`
        file, and a hub dataset's split of that name, are taken instead of a cut. The rows of anli are those of its
        `valid` split, there are no others with gold labels. `test` is the split of that name,
        or for jsonl and csv the file given as `test`, without one the whole file.

        Which rows are held out is decided among those with a gold answer, whoever's labels are learned: a row that
        the teacher did not answer is validated on, and only not trained on. Rows without a gold answer are for
        training, unless they ask what a held-out row asks; validation is without rows where no row has gold.

        Args:
            split: which.
            held_out_labels: whose answers `validation` and `test` carry as labels: gold, unless it is the teacher
                who is looked at.

        Raises:
            UnusableRows: more than `max_bad_share` of the rows of `train` or `validation` cannot be used, or all.
            DataError: the rows cannot be read, validation is asked for at a share of 0, or all rows that could be
                trained on are held out.
        """
        if self.kind in GENERATORS:
            return self._generated(split)
        if split == "test":
            return self._stored("test", held_out_labels)[0]
        if split == "train":
            return self._training(self._checked(self._whole(self.labels)))
        if self.validation is not None:
            return self._validated(self.validation, held_out_labels)
        if self.validates_apart:
            return self._checked(self._stored("validation", held_out_labels)[0])
        whole = self._whole(held_out_labels)
        if self.labels == "gold":
            self._checked(whole)
        # With the teacher's labels, rows without gold are no fault; what is one was found with the training rows.
        gold = self._whole("gold")
        if gold.examples and not self.validation_share:
            raise DataError(f"{self.kind}: no validation rows at a validation share of 0; give one above 0")
        held_out = self._held_out(gold)
        return Loaded([row for row in whole.examples if self._key(row) in held_out], whole.report)

    def choose(self, held_out: Sequence[Example], most: int) -> list[Example]:
        """At most so many of the held-out rows to validate on, drawn by `nested_choice`."""
        return nested_choice(held_out, most, self.seed, self.identity)

    @property
    def validates_apart(self) -> bool:
        """Whether validation rows are a file or split of their own, not a part of the training rows."""
        return self.validation is not None or (self.kind == HUB and "validation" in self._hub.splits)

    @property
    def identity(self) -> Callable[[Example], str] | None:
        """What nested subsets and choices rank a row by.

        None: where it stands, which for releases and generators is fixed.

        Of own rows it is the question, so that neither a file's name nor its other rows decide.
        """
        return question_text if takes_task(self.kind) else None

    @property
    def premise(self) -> Callable[[Example], str] | None:
        """What rows of one premise have in common, for releases in which several rows have one."""
        return self._release.premise if self._release is not None else None

    @property
    def _together(self) -> Callable[[Example], str] | None:
        """What rows share that stay on one side of the validation split."""
        return self.identity or self.premise

    @property
    def _release(self) -> Release | None:
        return RELEASES.get(self.kind)

    @cached_property
    def _hub(self) -> HubDataset:
        return HubDataset(self.location, self.task, self.columns)

    def _checked(self, loaded: Loaded) -> Loaded:
        # Before any split: where too many rows were dropped, the reasons are worth more than that a part is empty.
        loaded.report.check(self.max_bad_share)
        return loaded

    def _validated(self, file: Path, labels: Labels) -> Loaded:
        (loaded,) = self._read(file, labels)
        try:
            return self._checked(loaded)
        except UnusableRows as error:
            tallies = [
                loaded.report.dropped[name] for name in (NO_LABEL, TEACHER_ALONE) if name in loaded.report.dropped
            ]
            if labels != "gold" or not tallies:
                raise
            without = sum(tally.rows for tally in tallies)
            raise UnusableRows(
                f"validation {file}: {without} of {loaded.report.rows_read} rows have no gold label (such as "
                f"{', '.join(tallies[0].examples)}), and nothing else says whether a student is right. Label them by "
                "hand, name a file of labelled rows, or leave validation out, so that a part of the labelled training "
                f"rows is validated on. All that is wrong: {error}",
                loaded.report,
            ) from None

    def _training(self, whole: Loaded) -> Loaded:
        if self.validates_apart or not self.validation_share:
            return whole
        held_out = self._held_out(self._whole("gold"))
        rows = [row for row in whole.examples if self._key(row) not in held_out]
        if not rows:
            raise DataError(
                f"{whole.report.name}: all {len(whole.examples)} rows with labels to learn are held out for "
                "validation; give more of them, or another share"
            )
        return Loaded(rows, whole.report, whole.unanswered)

    def _held_out(self, gold: Loaded) -> frozenset[str]:
        # Keys, not sources: what asks the same as a held-out row is not for training, with gold or without.
        if not gold.examples:
            return frozenset()
        try:
            _, rows = split_validation(gold.examples, self.validation_share, self.seed, self._together)
        except DataError as error:
            dropped = gold.report.reasons()
            raise DataError(f"{error}. Rows were dropped: {dropped}" if dropped else str(error)) from None
        return frozenset(map(self._key, rows))

    def _key(self, row: Example) -> str:
        return row.source if self._together is None else self._together(row)

    @cached_property
    def _loaded(self) -> dict[Labels, Loaded]:
        return {}

    def _whole(self, labels: Labels) -> Loaded:
        """All rows that training and validation are the parts of, kept: both are asked for."""
        if labels not in self._loaded:
            # Which rows are held out is decided among those with gold, whoever's answers are learned.
            wanted: tuple[Labels, ...] = ("gold", "teacher") if "teacher" in (labels, self.labels) else ("gold",)
            self._loaded.update(zip(wanted, self._stored("train", *wanted), strict=True))
        return self._loaded[labels]

    def _stored(self, split: str, *labels: Labels) -> list[Loaded]:
        """The rows of a split with each of the labels."""
        if self.kind == HUB:
            return [self._hub.load(split, whose) for whose in labels]
        if self._release is not None:
            named = self._release.splits[0] if split == "train" else split
            return [self._release.load(Path(self.location), named, whose) for whose in labels]
        return self._read(self.test if split == "test" and self.test is not None else Path(self.location), *labels)

    def _read(self, file: Path, *labels: Labels) -> list[Loaded]:
        rows = list(_READ[self.kind](file, self.task))
        return [assemble_rows(file.name, self.task, rows, whose) for whose in labels]

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
    generate = importlib.import_module(GENERATORS[name]).generate
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
    validation: Path | None = None,
    test: Path | None = None,
    columns: Columns | None = None,
) -> Source:
    """Read the specification of a source, such as `cqa:/data/cqa` or `demo-nli`. Nothing is loaded yet.

    Args:
        spec: what the source is.
        task: the task of a `jsonl`, `csv` or `hub` source; the others know theirs.
        labels: see `Source`.
        demo_rows: see `Source`.
        validation_share: see `Source`.
        seed: see `Source`.
        max_bad_share: see `Source`.
        validation: see `Source`; for `jsonl` and `csv`.
        test: see `Source`; for `jsonl` and `csv`.
        columns: see `Source`; for `hub`.

    Raises:
        DataError: there is no such kind of source, or the location or task is missing or out of place.
    """
    parsed = parse_source(spec)
    kind = parsed.kind.name
    if (problem := task_problem(spec, given=task is not None)) is not None:
        raise DataError(problem)
    for key, file in (("validation", validation), ("test", test)):
        if file is not None and kind not in OWN_FILES:
            raise DataError(f"source {spec!r}: {key} is a file for {' and '.join(OWN_FILES)} sources; leave it out")
    if columns is not None and kind != HUB:
        raise DataError(f"source {spec!r}: columns and label_names are for hub sources; leave them out")
    return Source(
        kind=kind,
        location=parsed.location,
        task=task or find_task(parsed.kind.task or ""),
        labels=labels,
        demo_rows=demo_rows or DemoRows(),
        validation_share=validation_share,
        seed=seed,
        max_bad_share=max_bad_share,
        validation=validation,
        test=test,
        columns=columns or Columns(),
    )
